"""Exclusive contribution of a channel@K = the share of the targets that it alone brought into the top K."""

import numpy as np
from numpy.typing import NDArray

from trainer.evaluation.metrics.hits import Hits, Values


def exclusive(hits: Hits, channels: NDArray[np.int64], channel: int, k: int) -> Values:
    """`channels` [B, >= K]: which channels brought each item, one bit each; `channel`: the bit of one -> [B]"""
    alone = hits.at[:, :k] & (channels[:, :k] == channel)
    return hits.shares(alone.sum(1))
