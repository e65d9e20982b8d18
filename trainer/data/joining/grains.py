"""Each distinct query analysed once, by the one analyzer, into a Parquet file that every engine joins.

In Python on this machine and not inside an engine: grains must be the very ones that serving makes.
"""

from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.text.analyzer import analyze
from trainer.data.joining.engines.engine import Engine

_TEXTS = pa.list_(pa.string())
_SCHEMA = pa.schema([("query", pa.string()), ("unigrams", _TEXTS), ("bigrams", _TEXTS), ("words", _TEXTS)])


def grains_of(engine: Engine, queries: ir.Table, file: Path) -> ir.Table:
    """query, unigrams, bigrams and words of `queries` (a column query, each once); `file` is written on the way."""
    with pq.ParquetWriter(file, _SCHEMA) as writer:
        for batch in engine.batches(queries):
            writer.write_batch(_analyzed(batch["query"].to_pylist()))
    return engine.read([file])


def _analyzed(texts: list[str]) -> pa.RecordBatch:
    grains = [analyze(text) for text in texts]
    columns = {name: [getattr(one, name) for one in grains] for name in ("unigrams", "bigrams", "words")}
    return pa.RecordBatch.from_pydict({"query": texts, **columns}, schema=_SCHEMA)
