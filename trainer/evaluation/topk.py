"""The exact top k of every query over the whole pool, in blocks, so that no full score matrix is ever held."""

import numpy as np

from multigrain.types import Float32s, Int64s

QUERIES_AT_ONCE = 256
ITEMS_AT_ONCE = 65_536


def exact_top_k(queries: Float32s, items: Float32s, k: int) -> Int64s:
    """Rows of `items` by inner product, best first; equal scores in order of the row. [B, min(k, n)]"""
    parts = [_of_block(queries[i : i + QUERIES_AT_ONCE], items, k) for i in range(0, len(queries), QUERIES_AT_ONCE)]
    return np.concatenate(parts) if parts else np.zeros((0, min(k, len(items))), np.int64)


def _of_block(queries: Float32s, items: Float32s, k: int) -> Int64s:
    scores = np.zeros((len(queries), 0), np.float32)
    rows = np.zeros((len(queries), 0), np.int64)
    for start in range(0, len(items), ITEMS_AT_ONCE):
        block = queries @ items[start : start + ITEMS_AT_ONCE].T
        numbers = np.broadcast_to(np.arange(start, start + block.shape[1]), block.shape)
        scores, rows = _best(np.concatenate([scores, block], 1), np.concatenate([rows, numbers], 1), k)
    return np.take_along_axis(rows, np.lexsort((rows, -scores), axis=-1), 1)


def _best(scores: Float32s, rows: Int64s, k: int) -> tuple[Float32s, Int64s]:
    """The k best of each row, unordered: a partial selection, several times faster than sorting."""
    if scores.shape[1] <= k:
        return scores, rows
    chosen = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    return np.take_along_axis(scores, chosen, 1), np.take_along_axis(rows, chosen, 1)
