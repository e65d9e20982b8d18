"""The part files of a log table: their names, and writing one.

A roll's files have one name in every table: its number, so that names are in the order of rolls, and the first and last
time of what is in it, for people.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from streaming.archive.durable import written_durably
from streaming.archive.layout import TABLES, LogTable
from streaming.archive.staging import Roll

NUMBER_DIGITS = 8


def part_name(roll: Roll) -> str:
    """`00000007-20261105T120000000-20261105T125959999.parquet`"""
    return f"{roll.number:0{NUMBER_DIGITS}}-{_as_text(roll.first_ms)}-{_as_text(roll.last_ms)}.parquet"


def write_part(folder: Path, table: LogTable, roll: Roll, rows: pa.Table) -> None:
    """Writes a roll's rows of this table in order of time, in place of a file that an earlier attempt left."""
    in_order = rows.sort_by([("at_ms", "ascending"), (table.id_column, "ascending")])
    with written_durably(folder / table.folder / part_name(roll)) as draft:
        pq.write_table(in_order, draft, compression="zstd")


def parts_of(folder: Path, table: LogTable) -> Sequence[Path]:
    """In the order of their rolls."""
    return sorted((folder / table.folder).glob("[0-9]*.parquet"))


def newest_number(folder: Path) -> int:
    """The highest number of a roll whose files are here; 0: there are none.

    SQL may be younger than the folder, made anew or restored: its next roll must not take the place of files here.
    """
    numbers = (int(part.name[:NUMBER_DIGITS]) for table in TABLES for part in parts_of(folder, table))
    return max(numbers, default=0)


def _as_text(at_ms: int) -> str:
    seconds, milliseconds = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S}{milliseconds:03}"
