"""Batches of one drawn positive a row are what they have always been: runs that were begun can be gone on with."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from multigrain.features.inputs import Vocabularies
from multigrain.text.vocabulary import Vocabulary
from tests.builders import NOON_MS, an_item
from tests.small_training import small_config
from trainer.data.batches import Batch, Batches, BatchShape
from trainer.data.encoded_shards import EncodedShards, Encoder
from trainer.data.example_rows import LONG_COLUMNS, SCHEMA
from trainer.data.pool import Pool

KINDS = ("unigram", "bigram", "word", "item", "leaf", "top", "brand", "shop")
VOCABULARIES = Vocabularies(**{kind: Vocabulary(("red", "dress", "sku-1"), 5) for kind in KINDS})


def row(number: int) -> dict[str, object]:
    """One search; the second click of every third was ordered, and what stands behind the clicks was left alone."""
    shown = [f"sku-{1 + (number * step) % 10}" for step in (1, 3, 7)]
    clicked = shown[: 1 + number % 3]
    behaviors = ("realtime", "short", *LONG_COLUMNS.values())
    return {
        "search_id": f"search-{number}",
        "user_id": "user-1",
        "at_ms": NOON_MS + number,
        "query": f"red dress {number}",
        "clicked": list(dict.fromkeys(clicked)),
        "ordered": clicked[1:2],
        "unclicked": [item for item in shown if item not in clicked],
        "history_queries": ["dress"],
        **{name: [] for name in ("unigrams", "bigrams", "words", *behaviors)},
    }


def first_batches(folder: Path) -> list[Batch]:
    """All batches of two passes over two shards of ten examples."""
    for shard in range(2):
        rows = [row(number) for number in range(10 * shard, 10 * shard + 10)]
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / f"train-{shard:04d}.parquet")
    items, config = [an_item(number) for number in range(1, 11)], small_config()
    encoder = Encoder(items, VOCABULARIES, lengths=config.text.to_floor(), windows=config.windows.to_floor())
    shards = EncodedShards(folder, encoder, before_ms=10**15, memory_bytes=10**9)
    pool = Pool(np.arange(10, dtype=np.int64), popular=0.5)
    return list(Batches(shards, pool, BatchShape(size=6, pool=8, epochs=2, seed=4)))


def digest_of(batches: list[Batch]) -> str:
    digest = hashlib.sha256()
    for batch in batches:
        for name in sorted(batch):
            digest.update(name.encode() + batch[name].tobytes())
    return digest.hexdigest()[:16]


def test_the_first_batches_of_a_small_set_are_the_same_to_the_last_bit(tmp_path: Path) -> None:
    batches = first_batches(tmp_path)
    assert len(batches) == 2 * 20 // 6
    assert batches[0]["positive"].tolist() == [2, 5, 8, 8, 9, 0]
    assert batches[0]["pool"].tolist() == [3, 8, 9, 7, 2, 6, 8, 7]
    assert digest_of(batches) == "b8d7bd3f3a46c04e"
