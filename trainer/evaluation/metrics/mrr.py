"""MRR@K: mean of 1 / the rank of the first target, ranks from 1; 0 where the top K has none."""

import numpy as np

from trainer.evaluation.metrics.hits import Hits, Values


def reciprocal_rank(hits: Hits, k: int) -> Values:
    """[B]"""
    top = hits.at[:, :k]
    return hits.known(np.where(top.any(1), 1.0 / (top.argmax(1) + 1), 0.0))
