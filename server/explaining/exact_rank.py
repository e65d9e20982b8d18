"""The rank of one item among all items of an index, by exact scores: what an approximate search is measured against."""

import time

import numpy as np

from multigrain.index.item_index import ItemIndex
from multigrain.types import Float32s

ITEMS_MAX = 500_000
"""Every vector is read from the index. More, and it takes longer than a call has."""
PAGE = 10_000


def exact_rank(index: ItemIndex, vector: Float32s, item_no: int, *, ends_at: float) -> int:
    """Of the query `vector` [1, dims]; 1 is best. 0: the index does not hold the item or holds too many, or the time is
    up: `ends_at`, of `time.monotonic`. Blocks for seconds where the index is large.
    """
    held = index.rows_of(np.array([item_no], np.int64))
    if not len(held) or index.count() > ITEMS_MAX:
        return 0
    own = float(_scores(held.vectors, vector)[0])
    before = 0
    for rows in index.scan(PAGE):
        if time.monotonic() >= ends_at:
            return 0
        scores = _scores(rows.vectors, vector)
        # As a search orders them: of equal scores the lower number comes first.
        better = (scores > own) | ((scores == own) & (rows.item_nos < item_no))
        before += int(np.count_nonzero(better & (rows.item_nos != item_no)))
    return before + 1


def _scores(vectors: Float32s, vector: Float32s) -> Float32s:
    scores: Float32s = vectors @ vector[0]
    return scores
