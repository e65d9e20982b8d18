"""Freshness of an answer: did it know the newest thing that its user had done, and if not, how much older was what it
knew?
"""

import numpy as np

from multigrain.types import Int64s
from trainer.evaluation.metrics.hits import Values


def is_fresh(newest_ms: Int64s, used_ms: Int64s, *, absent: int) -> Values:
    """[B], 1 where nothing newer was to be known; NaN for users that had done nothing.

    `newest_ms` [B]: the newest behaviour of each user before the search; `used_ms` [B]: the newest behind the answer;
    `absent` where there is none.
    """
    return np.where(newest_ms == absent, np.nan, (used_ms != absent) & (used_ms >= newest_ms))


def lag_ms(newest_ms: Int64s, used_ms: Int64s, *, absent: int) -> Values:
    """[B], how much older the newest behaviour used is than the newest there was; NaN where either is missing."""
    behind = np.maximum(newest_ms - used_ms, 0).astype(np.float64)
    return np.where((newest_ms == absent) | (used_ms == absent), np.nan, behind)
