"""What each way of fusing is, written an item at a time with dictionaries: what the columns are held against."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce

from server.request import ChannelName, FusionKind
from server.result import Found

Weights = Mapping[ChannelName, float]
Fused = list[tuple[int, float]]
"""Items with their fused scores, best first."""


def listed(found: Sequence[Found]) -> list[tuple[ChannelName, Fused]]:
    """What each channel found, those without a number for a score behind the others."""
    told = []
    for channel, column in found:
        pairs = list(zip(column.item_nos.tolist(), column.scores.tolist(), strict=True))
        numbered = [pair for pair in pairs if not math.isnan(pair[1])]
        told.append((channel, numbered + [pair for pair in pairs if math.isnan(pair[1])]))
    return told


def ranks_of(found: Sequence[Found]) -> dict[int, list[int]]:
    """The ranks that an item has in the channels that found it."""
    ranks: dict[int, list[int]] = {}
    for _, pairs in listed(found):
        for rank, (item, _) in enumerate(pairs, 1):
            ranks.setdefault(item, []).append(rank)
    return ranks


def ordered(scores: dict[int, float], found: Sequence[Found]) -> Fused:
    ranks = ranks_of(found)
    return sorted(scores.items(), key=lambda pair: (-pair[1], min(ranks[pair[0]]), pair[0]))


def summed(shares: dict[int, list[float]]) -> dict[int, float]:
    return {item: reduce(lambda one, other: one + other, sorted(given)) for item, given in shares.items()}


def by_reciprocal_rank(found: Sequence[Found], weights: Weights) -> Fused:
    shares: dict[int, list[float]] = {}
    for channel, pairs in listed(found):
        for rank, (item, _) in enumerate(pairs, 1):
            shares.setdefault(item, []).append(weights[channel] / (60 + rank))
    return ordered(summed(shares), found)


def by_weighted_scores(found: Sequence[Found], weights: Weights) -> Fused:
    shares: dict[int, list[float]] = {}
    for channel, pairs in listed(found):
        finite = [score for _, score in pairs if math.isfinite(score)]
        low, high = min(finite, default=0), max(finite, default=0)
        for item, score in pairs:
            if math.isnan(score) or score == -math.inf:
                worth = 0.0
            elif score == math.inf or low == high:
                worth = 1.0
            else:
                worth = (score - low) / (high - low)
            shares.setdefault(item, []).append(weights[channel] * worth)
    return ordered(summed(shares), found)


def in_turns(found: Sequence[Found], weights: Weights) -> Fused:
    turns: dict[int, float] = {}
    columns = [pairs for _, pairs in listed(found)]
    turn = 0
    for row in range(max((len(pairs) for pairs in columns), default=0)):
        for pairs in columns:
            turn += 1
            if row < len(pairs):
                turns.setdefault(pairs[row][0], 1 / turn)
    return list(turns.items())


def one_behind_the_other(found: Sequence[Found], weights: Weights) -> Fused:
    places: dict[int, float] = {}
    for place, item in enumerate((item for _, pairs in listed(found) for item, _ in pairs), 1):
        places.setdefault(item, 1 / place)
    return list(places.items())


DEFINITIONS: Mapping[FusionKind, Callable[[Sequence[Found], Weights], Fused]] = {
    FusionKind.RECIPROCAL_RANK: by_reciprocal_rank,
    FusionKind.WEIGHTED_SCORES: by_weighted_scores,
    FusionKind.INTERLEAVE: in_turns,
    FusionKind.UNION: one_behind_the_other,
}
