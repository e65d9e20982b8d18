"""The calibrated cut-off: what is too unlikely to be what the query means.

A curve of the bundle makes of the vector channel's score how likely it is. For one query it rises with the score, so
one score is the least. What another channel found as well, or alone, has somebody who vouches for it.

It looks at how a candidate was found, and not at the catalogue, so it is no rule over rows: nobody can count how many
items of the catalogue it would let through.
"""

import numpy as np

from multigrain.cut_off import CutOff
from multigrain.types import Bools, Float32s
from server.request import ChannelName
from server.result import Candidates, Verdict

VERDICT = Verdict.SCORE

_ALONE = np.uint32(1 << ChannelName.VECTOR)


def least_score(cut_off: CutOff | None, vector: Float32s | None) -> float | None:
    """For the query of this vector, [1, dims]. None: the bundle has no cut-off, or the vector channel no vector."""
    return None if cut_off is None or vector is None else cut_off.least_score(vector[0])


def too_unlikely(candidates: Candidates, least: float) -> Bools:
    """Those that the vector channel alone found, with a score below the least, [n]."""
    failed = np.zeros(len(candidates), np.bool_)
    for ranks, (channel, hits) in zip(candidates.ranks, candidates.found, strict=False):
        if channel is ChannelName.VECTOR:
            alone = np.flatnonzero(candidates.channels == _ALONE)
            failed[alone] = hits.scores[ranks[alone] - 1] < least
    return failed
