"""Interleaving. The channels take turns in the order of the request; each gives its next item, until all are through.

Knows neither scores nor how many channels agree: it shares the first places out evenly.
"""

from collections.abc import Sequence

import numpy as np

from server.fusion.standings import best_first, stand
from server.fusion.way import EVEN, Weights
from server.result import Candidates, Found


def fuse(found: Sequence[Found], weights: Weights = EVEN, /) -> Candidates:
    """1 / the turn in which the item first came: turn 1 is the first channel's best, turn 2 the second channel's.

    A turn whose item came before, or of a channel that is through, passes. Reads no weights.
    """
    standings = stand(found)
    channels = len(standings.found)
    places = np.arange(1, channels + 1, dtype=np.int32).reshape(channels, 1)
    turns = (standings.ranks - 1) * channels + places
    return best_first(standings, 1.0 / standings.least(turns))
