"""The union of the channels' sets, as MGDSPR merges them.

Verified: the paper (figure 3) merges lexical matching, item-based collaborative filtering and the embedding channel
into one unordered set without repetitions, and hands it to the next stage; scores are not fused across channels.

Inferred: the order. A set has none, but an answer has a limit, and somebody must come first. Ours are the channels in
the order of the request, each in its own order. Without quotas the first channel may leave the others no room.
"""

from collections.abc import Sequence

import numpy as np

from server.fusion.standings import best_first, stand
from server.fusion.way import EVEN, Weights
from server.result import Candidates, Found


def fuse(found: Sequence[Found], weights: Weights = EVEN, /) -> Candidates:
    """1 / the item's place in the channels' lists, laid one behind the other, where it first came. Reads no weights."""
    standings = stand(found)
    lengths = np.array([len(hits) for _, hits in standings.found], np.int32)
    before = (np.cumsum(lengths, dtype=np.int32) - lengths).reshape(len(lengths), 1)
    return best_first(standings, 1.0 / standings.least(before + standings.ranks))
