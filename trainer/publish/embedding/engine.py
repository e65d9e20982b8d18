"""What runs the item tower over a snapshot: this process, or a Spark cluster whose workers have the bundle's folder."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.bundle import open_bundle
from trainer.publish.embedding.snapshot import items_in, key_of, parts_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from multigrain.encoder import Encoder
    from trainer.progress import Meter

Embed = Callable[[Path, Path, Path, "Meter"], None]
"""Snapshot, bundle and a folder to make -> Parquet parts of VECTORS in that folder."""

VECTORS = pa.schema(
    [pa.field("key", pa.binary(), nullable=False), pa.field("vector", pa.list_(pa.float32()), nullable=False)]
)
VECTORS_IN_SQL = "key binary, vector array<float>"
"""The same in Spark's words."""


def in_this_process(snapshot: Path, bundle: Path, out: Path, meter: "Meter") -> None:
    """One part after the other."""
    out.mkdir(parents=True)
    done = 0
    for part in parts_of(snapshot):
        encoded = pa.Table.from_batches(encode(pq.ParquetFile(part).iter_batches(), str(bundle)), VECTORS)
        pq.write_table(encoded, out / part.name)
        done += len(encoded)
        meter.report(done)


def on_spark(session: "SparkSession") -> Embed:
    """Tasks of one part each. Workers load the bundle once, and need this package and a path to its folder."""

    def embed(snapshot: Path, bundle: Path, out: Path, meter: "Meter") -> None:
        parts = len(parts_of(snapshot))
        read = session.read.parquet(snapshot.resolve().as_uri()).repartition(max(1, parts))
        encoded = read.mapInArrow(partial(encode, bundle=str(bundle.resolve())), VECTORS_IN_SQL)
        encoded.write.parquet(out.resolve().as_uri())
        meter.report(sum(pq.ParquetFile(part).metadata.num_rows for part in out.glob("*.parquet")))

    return embed


def encode(batches: Iterator[pa.RecordBatch], bundle: str) -> Iterator[pa.RecordBatch]:
    """Rows of a snapshot -> rows of VECTORS."""
    for batch in batches:
        items = list(items_in(batch))
        vectors = _encoder(bundle).encode_items(items).astype(np.float32, copy=False)
        ends = np.arange(0, vectors.size + 1, vectors.shape[1], dtype=np.int32)
        column = pa.ListArray.from_arrays(pa.array(ends), pa.array(vectors.ravel()))
        yield pa.RecordBatch.from_arrays(
            [pa.array([key_of(item) for item in items], pa.binary()), column], schema=VECTORS
        )


@cache
def _encoder(bundle: str) -> "Encoder":
    """Once a worker: it takes seconds."""
    from multigrain.encoder import load_encoder

    return load_encoder(open_bundle(Path(bundle)))
