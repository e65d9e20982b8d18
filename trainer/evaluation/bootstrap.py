"""Paired bootstrap: is one system better than another, or were these queries merely kind to it?

Both answer the same queries, so the queries are drawn, with both systems' values together: what is hard about a query
is in both, and falls out of the difference.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


def paired_differences(a: Floats, b: Floats, *, seed: int = 0, draws: int = DRAWS) -> list[Difference]:
    """As `paired_difference` for M metrics of the same B queries at once, [B, M] each: one draw serves all of them.

    Each draw gives a query a weight, Poisson of mean 1, which is how often it would be drawn out of many.
    """
    gains = b - a
    known = ~np.isnan(gains)
    gains = np.where(known, gains, 0.0)
    rng = np.random.default_rng(seed)
    block = max(1, AT_ONCE // max(1, len(gains)))
    parts = []
    for done in range(0, draws, block):
        weights = rng.poisson(1.0, (min(block, draws - done), len(gains))).astype(np.float64)
        counts = weights @ known
        parts.append(np.divide(weights @ gains, counts, out=np.full(counts.shape, np.nan), where=counts > 0))
    means = np.concatenate(parts)
    return [_difference(gains[known[:, metric], metric], means[:, metric]) for metric in range(gains.shape[1])]


def _difference(gains: Values, means: Values) -> Difference:
    if not len(gains):
        return Difference(np.nan, np.nan, np.nan, 0)
    low, high = np.nanquantile(means, [0.025, 0.975])
    return Difference(float(gains.mean()), float(low), float(high), len(gains))


def paired_difference(a: Values, b: Values, *, seed: int = 0, draws: int = DRAWS) -> Difference:
    """`a` and `b` [B]: of the same queries in the same order. No query with both: NaN throughout."""
    gains = (b - a)[~np.isnan(b - a)]
    if not len(gains):
        return Difference(np.nan, np.nan, np.nan, 0)
    rng = np.random.default_rng(seed)
    block = max(1, AT_ONCE // len(gains))
    means = np.concatenate(
        [
            gains[rng.integers(len(gains), size=(min(block, draws - done), len(gains)))].mean(1)
            for done in range(0, draws, block)
        ]
    )
    low, high = np.quantile(means, [0.025, 0.975])
    return Difference(float(gains.mean()), float(low), float(high), len(gains))
