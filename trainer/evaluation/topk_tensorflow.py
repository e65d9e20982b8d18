"""The exact top k where TensorFlow computes: for a GPU. Its speed was not measured on one; its answers were, on a CPU.

Queries outside, items inside: a block of items is copied to the device once for each block of queries.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from multigrain.types import Float32s, Int64s
from trainer.evaluation.topk_blocks import Blocks

ON_A_GPU = Blocks(queries=4_096, items=32_768)
"""512 MiB of scores: large, because each block of queries copies all items anew."""

Tensor = Any
"""Any: TensorFlow ships no types. Shapes stand in the docstrings."""


def top_k_in_tensorflow(queries: Float32s, items: Float32s, k: int, blocks: Blocks = ON_A_GPU) -> Int64s:
    """Rows [B, k] of `items`, as `exact_top_k` says. 0 < k <= items."""
    found = np.empty((len(queries), k), np.int64)
    with _full_precision():
        for first in range(0, len(queries), blocks.queries):
            asked = tf.constant(queries[first : first + blocks.queries])
            found[first : first + blocks.queries] = _best(asked, items, k, blocks.items)
    return found


def _best(asked: Tensor, items: Float32s, k: int, at_once: int) -> Int64s:
    """Rows [B, k], best first."""
    scores = tf.fill((len(asked), k), -np.inf)
    rows = tf.zeros((len(asked), k), tf.int32)
    for start in range(0, len(items), at_once):
        scores, rows = _merge(asked, tf.constant(items[start : start + at_once]), start, scores, rows)
    if bool(tf.reduce_any(tf.math.is_inf(scores) & (scores < 0))):
        raise ValueError("a score is no number: a vector of a query, or too many of the items', holds NaN")
    best: Int64s = rows.numpy().astype(np.int64)
    return best


def _merge(asked: Tensor, block: Tensor, start: int, scores: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """The k best known, [B, k], and those of the items from row `start` on -> the k best of both."""
    more = tf.linalg.matmul(asked, block, transpose_b=True)
    more = tf.where(tf.math.is_nan(more), -np.inf, more)
    # What is known stands first and has the lower rows: of equal scores `top_k` gives the first.
    both = tf.concat([scores, more], 1)
    their_rows = tf.concat([rows, tf.broadcast_to(start + tf.range(len(block)), tf.shape(more))], 1)
    best, places = tf.math.top_k(both, k=scores.shape[1])
    return best, tf.gather(their_rows, places, batch_dims=1)


@contextmanager
def _full_precision() -> Iterator[None]:
    """TensorFlow rounds what it multiplies to 10 bits on GPUs that have TensorFloat-32: that would be approximate."""
    allowed = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(allowed)
