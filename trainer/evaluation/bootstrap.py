"""Paired bootstrap: is one system better than another, or were these queries merely kind to it?

Both answer the same queries, so the queries are drawn, with both systems' values together: what is hard about a query
is in both, and falls out of the difference.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Bools
from trainer.evaluation.metrics.hits import Values

Floats = NDArray[np.float64]

DRAWS = 2_000
AT_ONCE = 5_000_000
"""Numbers drawn at a time: 40 MB."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Of a mean over queries: system B's less system A's."""

    mean: float
    low: float
    high: float
    """95 % interval."""
    queries: int
    """Of which both have a value."""

    @property
    def sure(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


def paired_difference(a: Values, b: Values, *, seed: int = 0, draws: int = DRAWS) -> Difference:
    """`a` and `b` [B]: of the same queries in the same order. No query with both: NaN throughout."""
    return paired_differences(a[:, None], b[:, None], seed=seed, draws=draws)[0]


def paired_differences(a: Floats, b: Floats, *, seed: int = 0, draws: int = DRAWS) -> list[Difference]:
    """Of M metrics of B queries at once, [B, M] each: one draw serves all of them.

    Each draw gives a query a weight, Poisson of mean 1, which is how often it would be drawn out of many.
    """
    gains = b - a
    known = ~np.isnan(gains)
    gains = np.where(known, gains, 0.0)
    rng = np.random.default_rng(seed)
    block = max(1, AT_ONCE // max(1, len(gains)))
    means = np.concatenate([_means(rng, gains, known, min(block, draws - done)) for done in range(0, draws, block)])
    return [_difference(gains[known[:, metric], metric], means[:, metric]) for metric in range(gains.shape[1])]


def _means(rng: np.random.Generator, gains: Floats, known: Bools, draws: int) -> Floats:
    """[draws, M]; NaN where a draw took no query of which anything is known."""
    weights = rng.poisson(1.0, (draws, len(gains))).astype(np.float64)
    counts = weights @ known
    means: Floats = np.divide(weights @ gains, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    return means


def _difference(gains: Values, means: Values) -> Difference:
    if not len(gains):
        return Difference(np.nan, np.nan, np.nan, 0)
    low, high = np.nanquantile(means, [0.025, 0.975])
    return Difference(float(gains.mean()), float(low), float(high), len(gains))
