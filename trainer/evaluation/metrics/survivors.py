"""What relevance control leaves of the top K.

Num_prank = how many of the top K reach pre-ranking [V]; here that is: pass relevance control. P_f_good = P_good after
the filter, over those that pass [inferred: of the paper only the column's name and its values are known].
"""

import numpy as np
from numpy.typing import NDArray

from trainer.evaluation.metrics.hits import Values


def survivors(passed: NDArray[np.bool_], k: int) -> Values:
    """`passed` [B, >= K] -> [B], 0 .. K"""
    counts: Values = passed[:, :k].sum(1, dtype=np.float64)
    return counts


def good_share_of_survivors(good: NDArray[np.bool_], passed: NDArray[np.bool_], k: int) -> Values:
    """[B]; NaN where nothing passed."""
    left = passed[:, :k]
    counts = left.sum(1)
    share: Values = np.divide((good[:, :k] & left).sum(1), counts, out=np.full(len(left), np.nan), where=counts > 0)
    return share
