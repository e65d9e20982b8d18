"""Reciprocal rank fusion. Knows ranks, not scores, so channels need no common scale."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Int64s
from server.request import ChannelName
from server.result import Candidates, Hits

K = 60
"""The constant of the method's authors: how little the first places differ from those behind them."""

NOWHERE = np.iinfo(np.int32).max


def fuse(found: Sequence[tuple[ChannelName, Hits]]) -> Candidates:
    """Sums 1 / (K + rank) over the channels; equal sums stand in order of their best rank, then of item_no."""
    item_nos, places = _distinct([hits.item_nos for _, hits in found])
    ranks = np.zeros((len(found), len(item_nos)), np.int32)
    scores = np.zeros(len(item_nos), np.float64)
    channels = np.zeros(len(item_nos), np.uint32)
    for row, ((channel, hits), here) in enumerate(zip(found, places, strict=True)):
        ranks[row, here] = np.arange(1, len(hits) + 1)
        scores[here] += 1.0 / (K + ranks[row, here])
        channels[here] |= np.uint32(1 << channel)
    best = np.where(ranks > 0, ranks, NOWHERE).min(axis=0, initial=NOWHERE)
    # In float64: in float32 two sums that differ at the 1,000th place would tie.
    order = np.lexsort((item_nos, best, -scores))
    fused = Candidates(item_nos=item_nos, scores=scores.astype(np.float32), channels=channels, ranks=ranks)
    return fused.take(order)


def _distinct(columns: Sequence[Int64s]) -> tuple[Int64s, list[NDArray[np.int64]]]:
    """Every item once, ascending, and for each column where its items stand among them."""
    together = np.concatenate([np.zeros(0, np.int64), *columns])
    item_nos, places = np.unique(together, return_inverse=True)
    ends = np.cumsum([len(column) for column in columns], dtype=np.int64)
    return item_nos, [places[end - len(column) : end] for column, end in zip(columns, ends, strict=True)]
