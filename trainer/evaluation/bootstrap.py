"""Paired bootstrap: is one system better than another, or were these queries merely kind to it?

Both answer the same queries, so the queries are drawn, with both systems' values together: what is hard about a query
is in both, and falls out of the difference.
"""

from dataclasses import dataclass

import numpy as np

from trainer.evaluation.metrics.hits import Values

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
