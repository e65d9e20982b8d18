"""The archive in the crash test: filled by every batch, and rolled into files by consumers that die as they roll."""

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import sqlalchemy as sa

from benchmarks.crashing.points import Passing, Point, watched
from multigrain.errors import Unavailable
from multigrain.events import ACTION_OF, BehaviorEvent, Searched
from streaming.archive.layout import TABLES
from streaming.archive.parts import parts_of
from streaming.archive.roll import RollLimits, roll, roll_all
from streaming.archive.staged import StagedArchive
from streaming.archive.staging import Staging
from streaming.consumer import Consumer

LIMITS = RollLimits(size_bytes=40_000, age_ms=0)
"""A file for every ten batches or so."""

Archived = Sequence[tuple[object, ...]]
"""Rows of the log layout, of all its tables."""


def an_archive() -> StagedArchive:
    """What a consumer archives with."""
    return StagedArchive(_now_ms)


def rolling(consumer: Consumer, engine: sa.Engine, folder: Path, passing: Passing) -> Consumer:
    """The same consumer, which rolls the archive between its batches, whoever began the roll."""
    staging = watched(
        Staging(engine),
        passing,
        before={"forget": Point.ROLL_FILED},
        after={"take": Point.ROLL_TAKEN, "forget": Point.ROLL_FORGOTTEN},
    )

    def roll_what_is_due(point: Point) -> None:
        # As a chore of the stream: whatever the store lets it begin, a later one ends.
        with suppress(Unavailable):
            if staging.waiting().size_bytes >= LIMITS.size_bytes:
                roll(staging, folder, LIMITS, _now_ms())

    return replace(
        consumer, source=watched(consumer.source, roll_what_is_due, after={"acknowledge": Point.ACKNOWLEDGED})
    )


def read_archive(engine: sa.Engine, folder: Path) -> Archived:
    """Every row, after what is still staged was rolled as well."""
    for _ in roll_all(Staging(engine), folder, LIMITS, _now_ms()):
        pass
    parts = [part for table in TABLES for part in parts_of(folder, table)]
    return [_plain(row) for part in parts for row in pq.read_table(part).to_pylist()]


def archive_differences(events: Sequence[BehaviorEvent], archived: Archived) -> list[str]:
    """Every event once: what was told twice is one for training, too."""
    wanted, had = Counter(map(_row, events)), Counter(archived)
    return [
        *(f"the archive has {count} too few of {row}" for row, count in (wanted - had).items()),
        *(f"the archive has {count} too many of {row}" for row, count in (had - wanted).items()),
    ]


def _row(event: BehaviorEvent) -> tuple[object, ...]:
    if isinstance(event, Searched):
        return event.search_id, event.user_id, event.at_ms, event.query, event.exposed_item_ids
    action = ACTION_OF[type(event)].name.lower()
    return event.event_id, event.user_id, event.item_id, action, event.at_ms, event.search_id


def _plain(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row.values())


def _now_ms() -> int:
    """Of the folder's files, whose age tells which drafts are dead."""
    return time.time_ns() // 1_000_000
