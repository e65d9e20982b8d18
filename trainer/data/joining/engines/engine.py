"""The shape of an engine: it runs expressions and keeps their rows, and knows nothing of searches or users."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import ibis.expr.types as ir
import pyarrow as pa

ENGINES = ("duckdb", "spark")
"""Names of what there is; duckdb.py and spark.py beside this file."""

Row = dict[str, Any]  # Any: a row as Arrow gives it, by name


class Engine(Protocol):
    """Every method blocks until the rows are where they belong. What an engine cannot do, it raises as its own error:
    there is no second try."""

    @property
    def name(self) -> str:
        """One of ENGINES."""
        ...

    def read(self, files: Sequence[Path]) -> ir.Table:
        """The rows of these Parquet files, as one table that is not read yet."""
        ...

    def keep(self, name: str, rows: ir.Table) -> ir.Table:
        """Computes `rows` now and returns them as a table, so that what is built on them does not compute them again.
        A name is given once."""
        ...

    def batches(self, rows: ir.Table) -> Iterator[pa.RecordBatch]:
        """The rows on this machine, a batch at a time: never all of them in memory."""
        ...

    def rows(self, rows: ir.Table) -> list[Row]:
        """A few rows, counts for example."""
        ...

    def write_shards(self, rows: ir.Table, folder: Path, parts: Sequence[str], shards: int) -> None:
        """Writes {part}-{shard:04d}.parquet for every part and shard, empty ones too.

        `rows` have the columns of shards.py, which say where each row goes and are not written.
        """
        ...


OpenEngine = Callable[[Path], AbstractContextManager[Engine]]
"""Opens an engine that keeps its intermediate rows in a scratch folder, which is its caller's to remove."""
