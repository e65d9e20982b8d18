"""Recall on examples that training does not see, measured while it runs, with the towers as they are."""

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from multigrain.features.inputs import Inputs
from multigrain.types import Float32s
from trainer.data.encoded_shards import Encoded
from trainer.data.groups import ABSENT_ROW
from trainer.evaluation.recall import recall_at
from trainer.evaluation.topk import exact_top_k
from trainer.models.layers.layer import Tensor
from trainer.models.model import Model

K = 100
ITEMS_AT_MOST = 50_000
"""Exact over the catalogue up to so many items. Beyond it over the wanted ones and a sample, which is easier: compare
such numbers with each other only."""
_QUERIES_AT_ONCE, _ITEMS_AT_ONCE = 256, 1024


class HeldOutRecall:
    """Recall@100 of the held-out examples over the catalogue."""

    def __init__(self, model: Model, encoded: Encoded, catalogue: Inputs, *, seed: int) -> None:
        known = encoded["known"]
        self._queries = {name: array for name, array in encoded.items() if name != "known"}
        pool = _pool(known[known != ABSENT_ROW], len(catalogue["item"]), seed)
        place = {row: i for i, row in enumerate(pool.tolist())}
        self._items = {name: array[pool] for name, array in catalogue.items()}
        self._wanted: Sequence[list[int]] = [
            [place[row] for row in rows if row != ABSENT_ROW] for rows in known.tolist()
        ]
        # The functions are made once: a graph made anew at each measurement would cost more than it computes.
        self._encode_queries = tf.function(lambda inputs: model.query(inputs, training=False), autograph=False)
        self._encode_items = tf.function(lambda inputs: model.item(**inputs), autograph=False)

    def measure(self) -> float | None:
        """None: no example is held out."""
        if not self._wanted:
            return None
        queries = _in_blocks(self._encode_queries, self._queries, _QUERIES_AT_ONCE)
        items = _in_blocks(self._encode_items, self._items, _ITEMS_AT_ONCE)
        return recall_at(exact_top_k(queries, items, K), self._wanted, K)


def _pool(wanted: np.ndarray, items: int, seed: int) -> np.ndarray:
    """Catalogue rows to search in."""
    if items <= ITEMS_AT_MOST:
        return np.arange(items)
    sample = np.random.default_rng(seed).choice(items, ITEMS_AT_MOST, replace=False)
    return np.union1d(sample, wanted)


def _in_blocks(encode: Tensor, inputs: Mapping[str, np.ndarray], size: int) -> Float32s:
    """Blocks of one size, the last one filled up, so that one graph serves all."""
    total = len(next(iter(inputs.values())))
    blocks = []
    for start in range(0, total, size):
        rows = np.arange(start, start + size) % total
        blocks.append(encode({name: tf.constant(array[rows]) for name, array in inputs.items()}).numpy())
    vectors: Float32s = np.concatenate(blocks)[:total]
    return vectors
