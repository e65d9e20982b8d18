"""DuckDB inside this process: the default. What does not fit into its memory goes to the scratch folder."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from trainer.data.joining.engines.engine import Row
from trainer.data.joining.shards import PART, PLACE, SHARD

MEMORY_LIMIT = "3GB"
"""DuckDB's own; Python and Arrow come on top. Beyond it rows are spilled, which is slower and not an error."""
ROWS_A_GROUP = 5_000
"""Row groups are packed in parallel; with DuckDB's default of 122,880 a whole shard would be packed by one core."""
ROWS_A_BATCH = 100_000


class DuckDb:
    """An engine over one database file in the scratch folder."""

    name = "duckdb"

    def __init__(self, scratch: Path) -> None:
        self._connection = ibis.duckdb.connect(
            scratch / "kept.duckdb",
            memory_limit=MEMORY_LIMIT,
            temp_directory=str(scratch / "spilled"),
            # Only what is ordered by a column has an order here; keeping the files' order would cost memory.
            preserve_insertion_order=False,
            # A job on a log folder has no reason to fetch anything.
            autoinstall_known_extensions=False,
        )
        # In a notebook, or under `python -c`, DuckDB would draw its own beside ours.
        self._connection.raw_sql("SET enable_progress_bar = false")

    def read(self, files: Sequence[Path]) -> ir.Table:
        return self._connection.read_parquet([str(file) for file in files])

    def keep(self, name: str, rows: ir.Table) -> ir.Table:
        return self._connection.create_table(name, rows)

    def batches(self, rows: ir.Table) -> Iterator[pa.RecordBatch]:
        # Not through Ibis: its way there calls a method that DuckDB 2 has dropped.
        yield from self._connection.con.sql(self._connection.compile(rows)).to_arrow_reader(ROWS_A_BATCH)

    def rows(self, rows: ir.Table) -> list[Row]:
        return [row for batch in self.batches(rows) for row in batch.to_pylist()]

    def write_shards(self, rows: ir.Table, folder: Path, parts: Sequence[str], shards: int) -> None:
        # Shard by shard, and not one sort of everything: a shard fits into memory, all histories together do not.
        placed = self._connection.create_view("placed", rows)
        for part in parts:
            for shard in range(shards):
                mine = placed.filter(placed[PART] == part, placed[SHARD] == shard).order_by(PLACE)
                self._connection.to_parquet(
                    mine.drop(PART, SHARD, PLACE),
                    folder / f"{part}-{shard:04d}.parquet",
                    compression="zstd",
                    # Of DuckDB's levels the quickest: a fifth less work than its default for files 4 % larger.
                    compression_level=1,
                    row_group_size=ROWS_A_GROUP,
                )

    def close(self) -> None:
        self._connection.disconnect()


@contextmanager
def open_duckdb(scratch: Path) -> Iterator[DuckDb]:
    with warnings.catch_warnings():
        # Ibis 12 still calls it; DuckDB 2 still has it.
        warnings.filterwarnings("ignore", r"fetch_arrow_table\(\) is deprecated", DeprecationWarning)
        engine = DuckDb(scratch)
        try:
            yield engine
        finally:
            engine.close()
