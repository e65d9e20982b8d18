"""Where every channel had every item. All ways begin with `stand` and end with `best_first`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Int64s
from server.result import Candidates, Found, Hits

Float64s = NDArray[np.float64]
Int32s = NDArray[np.int32]

NOWHERE = np.int32(np.iinfo(np.int32).max)
"""Greater than any place."""
SORTED_BITS = 63
"""Of an int64 that is not negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """Every item that some channel found, once."""

    found: tuple[Found, ...]
    """Scores that are no numbers stand at the end of their channel."""
    item_nos: Int64s
    """Ascending, [n]."""
    ranks: Int32s
    """[channels, n]: place in that channel, 1 is best, 0 when it was not found there."""

    def least(self, values: Int32s) -> Int32s:
        """The least of each item's values, [channels, n] -> [n]; only channels that found it have a say."""
        least: Int32s = np.where(self.ranks > 0, values, NOWHERE).min(axis=0, initial=NOWHERE)
        return least

    def shares(self, worths: Sequence[Float64s]) -> Float64s:
        """What each channel gives to each item, [channels, n], when `worths` has a column for each channel: what its
        first hit is worth, its second, and so on. 0 where it did not find the item.
        """
        shares = np.zeros(self.ranks.shape, np.float64)
        for share, worth, ranks in zip(shares, worths, self.ranks, strict=True):
            np.take(np.concatenate([[0.0], worth]), ranks, out=share, mode="clip")
        return shares


def stand(found: Sequence[Found]) -> Standings:
    """The standings of what the channels found."""
    settled = tuple((channel, sunk(hits)) for channel, hits in found)
    item_nos, places = _distinct([hits.item_nos for _, hits in settled])
    ranks = np.zeros((len(settled), len(item_nos)), np.int32)
    for row, here in enumerate(places):
        ranks[row, here] = np.arange(1, len(here) + 1)
    return Standings(found=settled, item_nos=item_nos, ranks=ranks)


def sunk(hits: Hits) -> Hits:
    """The hits with those behind the others whose score is no number; nothing else moves."""
    nameless = np.isnan(hits.scores)
    if not nameless.any():
        return hits
    order = np.argsort(nameless, kind="stable")
    return Hits(hits.item_nos[order], hits.scores[order])


def added_up(shares: Float64s) -> Float64s:
    """The sum of what each channel gives to an item, [channels, n] -> [n]. Uses `shares` up.

    Begins with the smallest share: with three channels the last bit of a sum depends on the order, and two items with
    the same shares would tie or not as the channels happen to stand.
    """
    rows, spare = list(shares), np.zeros(shares.shape[1], np.float64)
    # Whole rows change places, item by item, in place: a sort along the short axis takes three times as long.
    for last in range(len(rows) - 1, 0, -1):
        for i in range(last):
            np.minimum(rows[i], rows[i + 1], out=spare)
            np.maximum(rows[i], rows[i + 1], out=rows[i + 1])
            rows[i], spare = spare, rows[i]
    spare.fill(0.0)
    for row in rows:
        spare += row
    return spare


def best_first(standings: Standings, scores: Float64s) -> Candidates:
    """The candidates in order of these scores; equal ones in order of their best rank, then of item_no."""
    # 0, not found, becomes the greatest number there is.
    best = (standings.ranks.view(np.uint32) - np.uint32(1)).min(axis=0, initial=np.iinfo(np.uint32).max)
    # The items ascend and both sorts are stable, so item_no needs no sort of its own. Numbers of 16 bits sort quickest.
    by_rank = np.argsort(best.astype(np.min_scalar_type(best.max(initial=0))), kind="stable")
    # In float64: in float32 two sums that differ at the 1,000th place would tie.
    order = by_rank[np.argsort(-scores[by_rank], kind="stable")]
    channels = np.zeros(len(scores), np.uint32)
    for (channel, _), ranks in zip(standings.found, standings.ranks, strict=True):
        channels += (ranks > 0) * np.uint32(1 << channel)
    fused = Candidates(
        item_nos=standings.item_nos,
        scores=scores.astype(np.float32),
        channels=channels,
        ranks=standings.ranks,
        found=standings.found,
    )
    return fused.take(order)


def _distinct(columns: Sequence[Int64s]) -> tuple[Int64s, list[NDArray[np.int64]]]:
    """Every item once, ascending, and for each column where its items stand among them."""
    together = np.concatenate([np.zeros(0, np.int64), *columns])
    order = _ascending(together)
    in_order = together[order]
    first = np.ones(len(together), np.bool_)
    np.not_equal(in_order[1:], in_order[:-1], out=first[1:])
    places = np.empty(len(together), np.int64)
    places[order] = np.cumsum(first) - 1
    ends = np.cumsum([len(column) for column in columns], dtype=np.int64)
    return in_order[first], [places[end - len(column) : end] for column, end in zip(columns, ends, strict=True)]


def _ascending(numbers: Int64s) -> Int64s:
    """The positions of these numbers, none negative, from the smallest number to the largest."""
    bits = len(numbers).bit_length()
    if int(numbers.max(initial=0)).bit_length() + bits > SORTED_BITS:
        return np.argsort(numbers)
    # Each number carries its position in its lowest bits: sorting numbers takes a third of sorting positions.
    carrying = (numbers << bits) | np.arange(len(numbers))
    carrying.sort()
    return carrying & ((1 << bits) - 1)
