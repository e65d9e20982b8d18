"""The exact top k of every query over the whole pool. Blocks of scores, so that no full score matrix is ever held.

READ FIRST: `_Best.take`. Once k items are known, only a score above the worst of them matters, and the more items have
been seen the fewer those are: one comparison a score, and a selection over the few that pass it.
"""

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Float32s, Int64s

QUERIES_AT_ONCE = 256
ITEMS_AT_ONCE = 8_192
"""Together 8 MiB of scores: they are compared while they are still in the cache that the product left them in."""
SPARE = 1_024
"""Places for scores above the worst known, at least, before the k best are chosen anew."""


def exact_top_k(queries: Float32s, items: Float32s, k: int) -> Int64s:
    """Rows of `items` by inner product, best first; equal scores in order of the row. [B, min(k, n)]

    An item whose vector holds NaN is nobody's best. Raises ValueError when that leaves fewer than k.
    """
    found = np.empty((len(queries), min(k, len(items))), np.int64)
    if not found.size:
        return found
    scores = np.empty(QUERIES_AT_ONCE * ITEMS_AT_ONCE, np.float32)
    passing = np.empty(len(scores), np.bool_)
    for first in range(0, len(queries), QUERIES_AT_ONCE):
        asked = queries[first : first + QUERIES_AT_ONCE]
        best = _Best(len(asked), found.shape[1])
        for start in range(0, len(items), ITEMS_AT_ONCE):
            block = items[start : start + ITEMS_AT_ONCE]
            # Into the same memory again and again: fresh pages would cost as much as the product.
            shape, size = (len(asked), len(block)), len(asked) * len(block)
            np.matmul(asked, block.T, out=scores[:size].reshape(shape))
            best.take(scores[:size].reshape(shape), start, passing[:size].reshape(shape))
        found[first : first + len(asked)] = best.rows()
    return found


class _Best:
    """The best so far of some queries."""

    def __init__(self, queries: int, k: int) -> None:
        self._k, self._places = k, k + max(k, SPARE)
        self._scores = np.full((queries, self._places), -np.inf, np.float32)
        self._rows = np.zeros((queries, self._places), np.int64)
        self._filled = np.zeros(queries, np.int64)
        self._worst = np.full((queries, 1), -np.inf, np.float32)
        """Of the k best: what is not above it is not among them, for rows come in order and of equals the first stays.
        """

    def take(self, scores: Float32s, start: int, passing: NDArray[np.bool_]) -> None:
        """Scores [B, n] of the items from row `start` on. `passing` [B, n]: memory to compare into."""
        np.greater(scores, self._worst, out=passing)
        # Flat, because NumPy skips zeros fast along one axis only.
        flat = np.flatnonzero(passing.reshape(-1))
        query, column = np.divmod(flat, scores.shape[1])
        new = np.bincount(query, minlength=len(scores))
        if (self._filled + new).max() > self._places:
            self._choose()
        if (self._filled + new).max() > self._places:
            self._widen(int((self._filled + new).max()))
        place = self._filled[query] + np.arange(len(flat)) - (np.cumsum(new) - new)[query]
        self._scores[query, place] = scores.reshape(-1)[flat]
        self._rows[query, place] = start + column
        self._filled += new
        if self._scores.shape[1] > self._places:
            self._choose()

    def rows(self) -> Int64s:
        """Best first. [B, k]"""
        if (self._filled < self._k).any():
            raise ValueError("a score is no number: a vector of a query, or too many of the items', holds NaN")
        self._choose()
        scores, rows = self._scores[:, : self._k], self._rows[:, : self._k]
        return np.take_along_axis(rows, np.lexsort((rows, -scores), axis=-1), 1)

    def _widen(self, places: int) -> None:
        """Room for a block of which more passes than there is room for: the first ones, of which everything does."""
        more = ((0, 0), (0, places - self._scores.shape[1]))
        self._scores = np.pad(self._scores, more, constant_values=-np.inf)
        self._rows = np.pad(self._rows, more)

    def _choose(self) -> None:
        """Keeps the k best of each query, in any order: a partial selection, several times faster than sorting."""
        k, scores, rows = self._k, self._scores, self._rows
        chosen = np.argpartition(scores, -k, axis=1)[:, -k:]
        worst = np.take_along_axis(scores, chosen[:, :1], 1)
        tied = (scores == worst).sum(1) > (np.take_along_axis(scores, chosen, 1) == worst).sum(1)
        for query in np.flatnonzero(tied):
            chosen[query] = np.lexsort((rows[query], -scores[query]))[:k]
        best = np.take_along_axis(scores, chosen, 1)
        their_rows = np.take_along_axis(rows, chosen, 1)
        self._scores, self._rows = scores[:, : self._places], rows[:, : self._places]
        self._scores[:, :k], self._rows[:, :k] = best, their_rows
        self._scores[:, k:] = -np.inf
        self._filled = np.minimum(self._filled, k)
        self._worst = worst
