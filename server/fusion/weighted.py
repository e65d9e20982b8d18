"""Weighted scores. Brings the scores of each channel to one scale within the request, then adds them up.

Keeps what ranks lose, how far apart two neighbours are, and pays for it: one outlier presses the rest together.
"""

from collections.abc import Sequence

import numpy as np

from multigrain.types import Float32s
from server.fusion.standings import Float64s, added_up, best_first, stand
from server.fusion.way import EVEN, Weights
from server.result import Candidates, Found


def fuse(found: Sequence[Found], weights: Weights = EVEN, /) -> Candidates:
    """Sums weight * scaled score over the channels that found the item."""
    standings = stand(found)
    worths = [weights.get(channel, 1.0) * scaled(hits.scores) for channel, hits in standings.found]
    return best_first(standings, added_up(standings.shares(worths)))


def scaled(scores: Float32s) -> Float64s:
    """(score - lowest) / (highest - lowest) of one channel's scores: its best is 1, its last 0.

    Equal scores, or a single one, are all 1: nothing says that they are bad. Lowest and highest are those of the finite
    scores; minus infinity, and what is no number, is 0.
    """
    wide = scores.astype(np.float64)
    finite = wide[np.isfinite(wide)]
    low, span = finite.min(initial=np.inf), finite.max(initial=-np.inf) - finite.min(initial=np.inf)
    if not span > 0:
        return (wide > -np.inf).astype(np.float64)
    worth = np.clip((wide - low) / span, 0.0, 1.0)
    return np.where(np.isnan(worth), 0.0, worth)
