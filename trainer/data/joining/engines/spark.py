"""Apache Spark: a cluster, or this machine's cores with the master local[*].

Kept rows and shards are Parquet in folders that every worker must see: on a cluster, name an --out on a shared disk.
"""

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.errors import Missing
from trainer.data.example_rows import SCHEMA
from trainer.data.joining.engines.engine import Row
from trainer.data.joining.shards import PART, PLACE, SHARD

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LOCAL = "local[*]"
LOCAL_SETTINGS = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "3g",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # 200 by default, which on one machine is 200 tiny tasks a join.
    "spark.sql.shuffle.partitions": "8",
}
"""Only for a master on this machine. A cluster has its own in spark-defaults.conf."""


class Spark:
    """An engine over one Spark session."""

    name = "spark"

    def __init__(self, scratch: Path, session: "SparkSession") -> None:
        self._scratch, self._session = scratch, session
        self._connection = ibis.pyspark.connect(session)

    @property
    def session(self) -> "SparkSession":
        """For jobs that are no joins."""
        return self._session

    def read(self, files: Sequence[Path]) -> ir.Table:
        return self._table(self._session.read.parquet(*(_uri(file) for file in files)), f"read_{files[0].stem}")

    def keep(self, name: str, rows: ir.Table) -> ir.Table:
        kept = self._scratch / name
        self._frame(rows).write.parquet(_uri(kept))
        return self._table(self._session.read.parquet(_uri(kept)), name)

    def batches(self, rows: ir.Table) -> Iterator[pa.RecordBatch]:
        # Through files, and not collected: the driver's memory holds one batch.
        folder = self._scratch / f"batches_{len(list(self._scratch.iterdir()))}"
        self._frame(rows).write.parquet(_uri(folder))
        for file in sorted(folder.glob("*.parquet")):
            yield from pq.ParquetFile(file).iter_batches()

    def rows(self, rows: ir.Table) -> list[Row]:
        return [row.asDict() for row in self._frame(rows).collect()]

    def write_shards(self, rows: ir.Table, folder: Path, parts: Sequence[str], shards: int) -> None:
        """One job writes a folder with a single file for each shard; the file is then moved into its place."""
        frame = self._frame(rows)
        # A shard goes to one task whole, so that its rows are sorted within and lie in one file.
        placed = frame.repartition(shards * len(parts), PART, SHARD).sortWithinPartitions(PART, SHARD, PLACE)
        written = self._scratch / "shards"
        placed.drop(PLACE).write.partitionBy(PART, SHARD).option("compression", "zstd").parquet(_uri(written))
        for part in parts:
            for shard in range(shards):
                place = folder / f"{part}-{shard:04d}.parquet"
                found = list((written / f"{PART}={part}" / f"{SHARD}={shard}").glob("*.parquet"))
                if found:
                    (only,) = found
                    shutil.move(only, place)
                else:
                    pq.write_table(SCHEMA.empty_table(), place)

    def _frame(self, rows: ir.Table) -> "DataFrame":
        return self._session.sql(self._connection.compile(rows))

    def _table(self, frame: "DataFrame", name: str) -> ir.Table:
        frame.createOrReplaceTempView(name)
        return self._connection.table(name)


@contextmanager
def open_spark(scratch: Path, *, master: str = LOCAL) -> Iterator[Spark]:
    """An engine on `master`. A session that this process has already is used, and left open.

    Raises Missing where pyspark or Java is not installed.
    """
    check_spark()
    from pyspark.sql import SparkSession

    found = SparkSession.getActiveSession()
    session = found or _start(master)
    try:
        yield Spark(scratch, session)
    finally:
        if found is None:
            session.stop()


def check_spark() -> None:
    """Raises Missing, with what to install, where Spark cannot start."""
    try:
        import pyspark  # noqa: F401  # only whether it is there
    except ImportError:
        raise Missing("pyspark is not installed: pip install 'multigrain[spark]', or use --engine duckdb") from None
    home = os.environ.get("JAVA_HOME")
    if shutil.which("java") is None and not (home and (Path(home) / "bin" / "java").is_file()):
        raise Missing("Java is not installed: Spark needs Java 17 on PATH or in JAVA_HOME; or use --engine duckdb")


def _start(master: str) -> "SparkSession":
    from pyspark.sql import SparkSession

    if master.startswith("local"):
        # Its workers are on this machine, where `python3` may be another one, without our packages.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("multigrain").master(master)
    for key, value in LOCAL_SETTINGS.items() if master.startswith("local") else ():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _uri(path: Path) -> str:
    """With its scheme: a bare path would be looked up in the cluster's default file system."""
    return path.resolve().as_uri()
