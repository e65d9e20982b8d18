"""P_good@K = (1/K) sum of 1(item is good for the query) over the top K [V]. What is good, a teacher or a truth says."""

import numpy as np
from numpy.typing import NDArray

from trainer.evaluation.metrics.hits import Values


def good_share(good: NDArray[np.bool_], k: int) -> Values:
    """`good` [B, >= K]: whether each item of the answer is -> [B]"""
    share: Values = good[:, :k].mean(1, dtype=np.float64)
    return share
