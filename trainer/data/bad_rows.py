"""What becomes of bad rows: the table is refused at the first one, or they are set aside with their reasons."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import Repr

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.errors import InvalidLog
from multigrain.types import Int64s
from trainer.data.log_checks import Check
from trainer.data.log_parts import StoredTable

_SHOWN = Repr()
_SHOWN.maxstring = 80


@dataclass(frozen=True, slots=True)
class RejectedRows:
    """Rows of one table that were set aside for one reason."""

    file: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """What was set aside, per table and reason, most rows first within a table."""

    folder: Path
    reasons: tuple[RejectedRows, ...]

    @property
    def rows(self) -> int:
        return sum(reason.rows for reason in self.reasons)


def refuse_bad_rows(stored: StoredTable, checks: Sequence[Check]) -> pa.Table:
    """The table, if all its rows are good. Raises InvalidLog with place, value and cure of the first bad one."""
    for check in checks:
        bad = check.find(stored.table)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            problem = f"{_value(stored.table, row, check.column)}{check.problem}"
            raise InvalidLog(f"{stored.at(row)} column {check.column}", problem, cure=check.cure)
    return stored.table


def set_bad_rows_aside(
    stored: StoredTable, checks: Sequence[Check], folder: Path
) -> tuple[pa.Table, tuple[RejectedRows, ...]]:
    """The good rows. The bad ones are written to `folder` under the table's name; what an earlier run left there goes.

    A row is set aside for the first reason that is found; later checks are asked about the remaining rows only.
    """
    good, rows = stored.table, np.arange(len(stored.table))
    aside: list[tuple[Int64s, str]] = []
    for check in checks:
        bad = check.find(good)
        if bad.any():
            aside.append((rows[bad], f"{check.column} {check.problem}"))
            good, rows = good.filter(pa.array(~bad)), rows[~bad]
    file = folder / stored.parts[0].name.split("/")[0]
    file.unlink(missing_ok=True)
    if aside:
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(_with_reasons(stored, aside), file, compression="zstd")
    counts = Counter({reason: len(numbers) for numbers, reason in aside})
    return good, tuple(RejectedRows(file.name, reason, count) for reason, count in counts.most_common())


def _with_reasons(stored: StoredTable, aside: Sequence[tuple[Int64s, str]]) -> pa.Table:
    """The rows set aside, in their order on disk, with the file and row where they stand, and why."""
    rows = np.concatenate([numbers for numbers, _ in aside])
    reasons = np.repeat([reason for _, reason in aside], [len(numbers) for numbers, _ in aside])
    order = np.argsort(rows)
    files, numbers = stored.places(rows[order])
    nullable = pa.schema([field.with_nullable(True) for field in stored.table.schema])
    table = pa.table(stored.table.take(pa.array(rows[order])).columns, schema=nullable)
    for name, values in (("file", files), ("row", numbers), ("reason", reasons[order].tolist())):
        table = table.append_column(name, pa.array(values))
    return table


def _value(table: pa.Table, row: int, column: str) -> str:
    """The value, for the message; nothing where there is none, or none that can be printed."""
    try:
        value = table[column][row].as_py()
    except UnicodeDecodeError:
        return ""
    return "" if value is None else f"{_SHOWN.repr(value)} "
