"""Scores of many queries with many vectors, a block at a time: what passes its query's floor is kept."""

from collections.abc import Callable, Sequence

import numpy as np

from multigrain.index.scans.scan import Hits
from multigrain.types import Float32s

Block = Callable[[int, int], Float32s]
"""Scores [B, n] of the places from the first number up to the second."""


def passing(block: Block, used: int, floors: Float32s, at_once: int) -> Sequence[Hits]:
    """Of each floor's query, what scores above it, `at_once` places at a time."""
    parts: list[list[Hits]] = [[] for _ in floors]
    for start in range(0, used, at_once):
        scores = block(start, min(start + at_once, used))
        width = scores.shape[1]
        # One pass over the whole block: a pass a query would cost more in calls than in comparisons.
        above = np.flatnonzero(scores > floors[:, None])
        ends = np.searchsorted(above, np.arange(len(floors) + 1) * width)
        kept = scores.ravel()[above]
        for query, (first, end) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
            parts[query].append(Hits(above[first:end] + (start - query * width), kept[first:end]))
    return [joined(hits) for hits in parts]


def joined(parts: Sequence[Hits]) -> Hits:
    """All of these hits as one."""
    if len(parts) == 1:
        return parts[0]
    empty = Hits(np.zeros(0, np.int64), np.zeros(0, np.float32))
    places, scores = zip(*((part.places, part.scores) for part in [empty, *parts]), strict=True)
    return Hits(np.concatenate(places), np.concatenate(scores))
