"""Reciprocal rank fusion. Knows ranks, not scores, so channels need no common scale."""

from collections.abc import Sequence

import numpy as np

from server.fusion.standings import added_up, best_first, stand
from server.fusion.way import EVEN, Weights
from server.result import Candidates, Found

K = 60
"""The constant of the method's authors: how little the first places differ from those behind them."""


def fuse(found: Sequence[Found], weights: Weights = EVEN, /) -> Candidates:
    """Sums weight / (K + rank) over the channels that found the item."""
    standings = stand(found)
    worths = [weights.get(channel, 1.0) / (K + np.arange(1, len(hits) + 1)) for channel, hits in standings.found]
    return best_first(standings, added_up(standings.shares(worths)))
