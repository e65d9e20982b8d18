"""Hit rate@K = 1 where any of the top K is a target. One target a query: the same as recall."""

import numpy as np

from trainer.evaluation.metrics.hits import Hits, Values


def hit_rate(hits: Hits, k: int) -> Values:
    """[B]"""
    return hits.known(np.where(hits.at[:, :k].any(1), 1.0, 0.0))
