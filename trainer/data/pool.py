"""The pool: negatives that all rows of a batch share, beside the batch's own items.

[V] N = 684 hard negatives are taken, more than a batch of 256 has; where the paper takes them from is not known.
[inferred] A shared pool of catalogue rows: a share drawn by clicks^0.75, the rest evenly. Evenly drawn items are mostly
ones that nobody clicks, soon told apart; popular ones are what a query must be told apart from. The power 3/4 keeps the
few most clicked from filling the pool.
"""

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Float32s, Int64s

POWER = 0.75
RAREST = np.float32(1e-6)
"""Least expected draws. Nothing is drawn with chance zero, and log(0) must not be met."""


class Pool:
    """Draws rows of the catalogue, and knows how often each item is met as a candidate. `clicks` [M]."""

    def __init__(self, clicks: Int64s, *, popular: float) -> None:
        self._popular = popular
        self._by_clicks = _shares(clicks.astype(np.float64))
        self._by_power = _shares(clicks.astype(np.float64) ** POWER)
        self._reached = np.cumsum(self._by_power)

    def draw(self, size: int, rng: np.random.Generator) -> NDArray[np.int32]:
        """Catalogue rows, with repetition; the popular share first. The same state of `rng`, the same rows. [size]"""
        popular = self._popular_of(size)
        even = rng.integers(len(self._reached), size=size - popular, dtype=np.int32)
        if popular == 0:
            return even
        places = np.searchsorted(self._reached, rng.random(popular) * self._reached[-1], side="right")
        return np.concatenate([places.astype(np.int32), even])

    def expected(self, size: int, in_batch: int) -> Float32s:
        """Expected draws of each item a step: `in_batch` positives, which follow clicks, and a pool of `size`. [M]"""
        popular = self._popular_of(size)
        even = (size - popular) / len(self._reached)
        draws: Float32s = (in_batch * self._by_clicks + popular * self._by_power + even).astype(np.float32)
        return np.maximum(draws, RAREST)

    def _popular_of(self, size: int) -> int:
        return round(self._popular * size)


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights that sum to 1. Where nothing was clicked yet, all items are alike."""
    total = weights.sum()
    return weights / total if total > 0 else np.full(len(weights), 1 / len(weights))
