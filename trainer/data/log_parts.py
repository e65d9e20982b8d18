"""A table on disk: one Parquet file, or a folder of part files, and where each of its rows stands there."""

from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.errors import InvalidLog
from multigrain.types import Int64s
from trainer.data.log_columns import fit_to_schema


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a table."""

    name: str
    """As the folder of the logs names it: events.parquet, or events.parquet/0003.parquet."""
    rows: int


@dataclass(frozen=True, slots=True)
class StoredTable:
    """The rows of all parts, one part after the other."""

    table: pa.Table
    parts: tuple[Part, ...]

    def places(self, rows: Int64s) -> tuple[list[str], Int64s]:
        """The part of each row, and the row's number within that part."""
        ends = np.array(list(accumulate(part.rows for part in self.parts)), np.int64)
        which = np.searchsorted(ends, rows, side="right")
        starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
        return [self.parts[part].name for part in which], rows - starts[which]

    def at(self, row: int) -> str:
        """How a person finds the row: `events.parquet/0003.parquet row 17`."""
        (name,), (number,) = self.places(np.array([row], np.int64))
        return f"{name} row {number}"


def read_stored(path: Path, schema: pa.Schema) -> StoredTable:
    """Reads a table with exactly the columns of `schema`. Raises InvalidLog when a file or column is missing or wrong.

    Parts are read one by one, so that a part without a column is named instead of being filled with nulls.
    """
    if not path.exists():
        cure = "a log folder holds it: name the right folder"
        raise InvalidLog(path.name, f"no such file in {path.parent}", cure=cure)
    tables, parts = [], []
    for file in _files(path):
        name = file.relative_to(path.parent).as_posix()
        tables.append(fit_to_schema(_read(file, name, schema.names), schema, name))
        parts.append(Part(name, len(tables[-1])))
    if not parts:
        raise InvalidLog(path.name, "is a folder without part files", cure="write at least one, even an empty one")
    return StoredTable(pa.concat_tables(tables), tuple(parts))


def _files(path: Path) -> list[Path]:
    """`path`, or its part files by name. What begins with '.' or '_' is a draft or a mark, as Spark leaves them."""
    if path.is_file():
        return [path]
    found = (file for file in path.rglob("*") if file.is_file())
    return sorted(file for file in found if not any(name[0] in "._" for name in file.relative_to(path).parts))


def _read(file: Path, name: str, columns: list[str]) -> pa.Table:
    try:
        # Not read_table: it would make columns of the folders' names.
        with pq.ParquetFile(file) as stored:
            return stored.read(columns=columns)
    except (pa.ArrowInvalid, OSError) as error:
        raise InvalidLog(name, f"not a Parquet file: {error}", cure="write it again") from None
