"""The items that may be among the k best of some queries, as numbers that sort the right way.

READ FIRST: `_keys`. Score and row become one whole number, best first in ascending order. So a selection is a plain
`partition` of int64, which NumPy does with vector instructions, and equal scores need no care: no two keys are equal.
"""

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Bools, Float32s, Int64s

_NOTHING = np.iinfo(np.int64).max
"""A place without an item: behind every key."""
_ROW_BITS = 32
_WITHOUT_SIGN = np.int32(0x7FFFFFFF)


class Candidates:
    """Of each of some queries, the items above its floor: at least its k best among those that were taken."""

    def __init__(self, floor: Float32s, k: int, *, at_once: int) -> None:
        """Floor [B, 1]: nothing at or below it is kept. `at_once`: how many items are taken at a time, at most.

        A floor that is too high leaves fewer than k: see `short`.
        """
        self._k, self._floor = k, floor
        # Left as it comes: most of the room is never used, and memory that nobody touches costs nothing.
        self._keys = np.empty((len(floor), k + at_once), np.int64)
        self._filled = np.zeros(len(floor), np.int64)

    def take(self, scores: Float32s, start: int, above: Bools) -> None:
        """Scores [B, n] of the items from row `start` on. `above` [B, n]: memory to compare into."""
        np.greater(scores, self._floor, out=above)
        queries, items = scores.shape
        # Flat, because NumPy skips zeros fast along one axis only.
        places = np.flatnonzero(above.reshape(-1))
        edges = np.searchsorted(places, np.arange(queries + 1) * items)
        more = np.diff(edges)
        if (self._filled + more).max() > self._keys.shape[1]:
            self._choose()
        query = np.arange(queries)
        rows = places - (query * items - start).repeat(more)
        free = (query * self._keys.shape[1] + self._filled - edges[:-1]).repeat(more)
        self._keys.reshape(-1)[free + np.arange(len(places))] = _keys(scores.reshape(-1)[places], rows)
        self._filled += more

    def short(self) -> Int64s:
        """The queries that have fewer than k."""
        return np.flatnonzero(self._filled < self._k)

    def best(self) -> Int64s:
        """Rows of the k best, best first, of equal scores the lower row. [B, k]; without meaning where short."""
        chosen = self._partitioned()[:, : self._k]
        chosen.sort(axis=1)
        return chosen & ((1 << _ROW_BITS) - 1)

    def _choose(self) -> None:
        """Keeps the k best of each query, in any order, and raises the floor to the worst of them.

        To it and not below it: rows come in order, so of equal scores those that are still to come are behind.
        """
        worst = self._partitioned()[:, self._k - 1 : self._k]
        whole = self._filled >= self._k
        self._floor[whole] = _scores(worst[whole])
        self._filled = np.minimum(self._filled, self._k)

    def _partitioned(self) -> Int64s:
        """The places in use, in each row the k best first."""
        used = self._keys[:, : max(int(self._filled.max()), self._k)]
        used[np.arange(used.shape[1]) >= self._filled[:, None]] = _NOTHING
        used.partition(self._k - 1, axis=1)
        return used


def _keys(scores: Float32s, rows: Int64s) -> Int64s:
    """Ascending where scores descend, and among equal scores where rows ascend."""
    # Minus zero is made zero, for the two are equal and their bits are not.
    return (~_in_order((scores + np.float32(0)).view(np.int32))).astype(np.int64) << _ROW_BITS | rows


def _scores(keys: Int64s) -> Float32s:
    return _in_order(~(keys >> _ROW_BITS).astype(np.int32)).view(np.float32)


def _in_order(bits: NDArray[np.int32]) -> NDArray[np.int32]:
    """The bits of floats <-> whole numbers in the order of the floats: those of negative floats run backwards."""
    return bits ^ ((bits >> 31) & _WITHOUT_SIGN)
