"""Freshness lag: from when something happened until an answer shows it, in milliseconds."""

from collections.abc import Sequence

import numpy as np


def lag(happened_ms: Sequence[int], seen_ms: Sequence[int], share: float) -> float:
    """Within which so large a share of what happened was seen: 0.5 the median, 0.99 nearly all. It was all seen."""
    lags = np.subtract(seen_ms, happened_ms)
    if (lags < 0).any():
        raise ValueError("something was seen before it happened: the two clocks differ")
    return float(np.quantile(lags, share, method="inverted_cdf"))
