"""What an archive holds: rows that wait in SQL, and part files."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from streaming.archive.layout import LogTable
from streaming.archive.parts import parts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledTable:
    """The part files of one table."""

    table: LogTable
    files: int
    rows: int
    size_bytes: int


def filed(folder: Path, table: LogTable) -> FiledTable:
    """Looks at the end of each part file, where its rows are counted."""
    parts = parts_of(folder, table)
    return FiledTable(
        table=table,
        files=len(parts),
        rows=sum(pq.read_metadata(part).num_rows for part in parts),
        size_bytes=sum(part.stat().st_size for part in parts),
    )
