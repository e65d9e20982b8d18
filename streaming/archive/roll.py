"""READ FIRST: staged rows -> part files of a log folder, every row in one file and in no second one.

The order makes it so. A first transaction gives a roll its number and marks its batches. Then its part files are
written; their names come from the mark, so whoever does it again writes the same files again. A second transaction
deletes the batches. A process that is killed in between leaves a marked roll, and the next to come finishes it. Two
that are at work on one roll write the same files twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from streaming.archive.durable import drop_dead_drafts
from streaming.archive.layout import TABLES
from streaming.archive.packing import unpack
from streaming.archive.parts import newest_number, write_part
from streaming.archive.staging import Roll, Staging, Waiting

TAKE_OVER_MS = 120_000
"""Whoever took a roll so long ago is dead, or so slow that a second one at work on it does no harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollLimits:
    """When staged rows are worth a file. Explained in ArchiveSettings."""

    size_bytes: int
    age_ms: int


def roll_due(staging: Staging, folder: Path, limits: RollLimits, now_ms: int) -> Iterator[Roll]:
    """Rolls as long as enough is staged, or has waited long enough; leaves a roll that another has just taken."""
    while is_due(staging.waiting(), limits, now_ms) and (done := roll(staging, folder, limits, now_ms)):
        yield done


def roll_all(staging: Staging, folder: Path, limits: RollLimits, now_ms: int) -> Iterator[Roll]:
    """Rolls everything that is staged."""
    while done := roll(staging, folder, limits, now_ms):
        yield done


def roll(staging: Staging, folder: Path, limits: RollLimits, now_ms: int) -> Roll | None:
    """One roll: the unfinished one, or the next. None: nothing is staged. Raises StoreUnavailable, LogUnavailable.

    At most `limits.size_bytes` of staged rows are in memory, those of one table at a time as rows.
    """
    taken = staging.take(bytes_max=limits.size_bytes, above=newest_number(folder), now_ms=now_ms)
    # No packets: another has finished this roll since we took it up.
    if taken and (packets := staging.packets_of(taken)):
        for table in TABLES:
            drop_dead_drafts(folder / table.folder, now_ms)
            # A table without rows gets its file, too: a log folder is read whole or not at all.
            rows = unpack(table, (packet.packed for packet in packets if packet.table_name == table.name))
            write_part(folder, table, taken, rows)
        staging.forget(taken)
    return taken


def is_due(waiting: Waiting, limits: RollLimits, now_ms: int) -> bool:
    if waiting.taken_ms is not None:
        return now_ms - waiting.taken_ms >= TAKE_OVER_MS
    is_old = waiting.oldest_ms is not None and now_ms - waiting.oldest_ms >= limits.age_ms
    return is_old or waiting.size_bytes >= limits.size_bytes
