"""The best k titles of a shelf, without looking at every title that holds a frequent word.

Titles with a rare word are few: all are scored. The others hold frequent words only, and are taken block by block from
the shortest titles on: within a block the bits tell which titles can still be among the best, and the first block of
which even a title with every word could not be is the last.

Every step is one operation over a column, and there are few: NumPy gives the GIL back within each, and where other
threads run Python, each may wait for its return.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.types import Float32s, Int64s
from server.lexical.best import Best
from server.lexical.segment import Bits, Keys, Places, unpacked
from server.lexical.shelf import Shelf

FIRST_BLOCK = 1 << 15
GROWTH = 4
"""Each block is so many times the one before: the first sets a floor, later ones need few steps under it."""

DECIDING = 5
"""Words by which a block is sifted, the heaviest ones. More would sift finer, and take up to twice the steps each."""

TIE = 1 + 2e-7
"""Scores this near to each other differ by the rounding of 32-bit floats only."""


@dataclass(frozen=True, slots=True)
class Frequent:
    """The frequent words of a query, the heaviest first."""

    bits: Bits
    weights: Float32s

    def added(self, places: Int64s, sums: Float32s, needed: float) -> tuple[Int64s, Float32s]:
        """Places, and their sums with the weights of these words that they hold, without those that stay below."""
        byte, bit = places >> 3, (places & 7).astype(np.uint8)
        for number, (row, weight) in enumerate(zip(self.bits, self.weights, strict=True), start=1):
            sums += (row.take(byte) >> bit & 1) * weight
            if number % DECIDING == 0:
                hopeful = sums > needed - self.weights[number:].sum()
                places, sums, byte, bit = places[hopeful], sums[hopeful], byte[hopeful], bit[hopeful]
        return places, sums

    def sums(self, start: int, stop: int) -> Float32s:
        """Of all places from start to stop: looking each up would take three times as long."""
        sums = np.zeros(stop - start, np.float32)
        for row, weight in zip(self.bits, self.weights, strict=True):
            sums += unpacked(row, start, stop) * weight
        return sums


def offer_titles(shelf: Shelf, keys: Keys, weights: Float32s, best: Best) -> None:
    """Offers `best` every title of the shelf that may belong to it."""
    segment = shelf.segment
    rows = segment.frequent_rows(keys)
    order = np.argsort(-weights[rows >= 0], kind="stable")
    frequent = Frequent(segment.bits[rows[rows >= 0][order]], weights[rows >= 0][order])
    rows = segment.rare_rows(keys)
    lists = [segment.places_of(row) for row in rows[rows >= 0]]
    rare = np.zeros(segment.count, np.float32) if lists else None
    if rare is not None:
        _offer_rare(shelf, _added(lists, weights[rows >= 0], rare), rare, frequent, best)
    if len(frequent.weights):
        _offer_frequent(shelf, rare, frequent, best)


def _added(lists: Sequence[Places], weights: Float32s, sums: Float32s) -> Places:
    """Adds each word's weight to its titles' sums. Returns the places that were added to, each once."""
    fresh: list[Places] = []
    for places, weight in zip(lists, weights, strict=True):
        before = sums[places]
        sums[places] = before + weight
        fresh.append(places[before == 0] if fresh else places)
    return np.concatenate(fresh)


def _offer_rare(shelf: Shelf, places: Places, rare: Float32s, frequent: Frequent, best: Best) -> None:
    """Those with a rare word: the bits of the frequent ones are looked up for these places only."""
    if shelf.alive is not None:
        places = places[shelf.alive[places]]
    scored, sums = frequent.added(places.astype(np.int64), rare[places], _needed(shelf, 0, best))
    best.offer(shelf.segment.item_nos, scored, sums * shelf.norms[scored])


def _offer_frequent(shelf: Shelf, rare: Float32s | None, frequent: Frequent, best: Best) -> None:
    """Those with frequent words alone; `rare` is above 0 where a title was offered already."""
    for start, stop in _blocks(shelf.segment.count):
        needed = _needed(shelf, start, best)
        if needed >= float(frequent.weights.sum()):
            return
        places, sums = _sifted(frequent, needed, start, stop)
        unseen = np.ones(len(places), np.bool_) if rare is None else rare[places] == 0
        if shelf.alive is not None:
            unseen &= shelf.alive[places]
        places, sums = places[unseen], sums[unseen]
        best.offer(shelf.segment.item_nos, places, sums * shelf.norms[places])


def _needed(shelf: Shelf, start: int, best: Best) -> float:
    """What the words of a title at `start` or after it must weigh more than."""
    return float(best.floor) * TIE / float(shelf.norms[start])


def _blocks(count: int) -> Iterator[tuple[int, int]]:
    """From start to stop, each start a multiple of 8."""
    start, size = 0, FIRST_BLOCK
    while start < count:
        yield start, min(count, start + size)
        start, size = start + size, size * GROWTH


def _sifted(frequent: Frequent, needed: float, start: int, stop: int) -> tuple[Int64s, Float32s]:
    """Places of the block whose words weigh more than needed, and what they weigh."""
    lightest = float(frequent.weights[DECIDING:].sum())
    if needed < lightest:
        sums = frequent.sums(start, stop)
        chosen = np.flatnonzero(sums > needed)
        return chosen + start, sums[chosen]
    bits = frequent.bits[:DECIDING, start // 8 : (stop + 7) // 8]
    # The lightest words count as held by all.
    may_be = np.broadcast_to(_weighing(bits, frequent.weights[:DECIDING], needed - lightest), bits.shape[1:])
    # Of booleans NumPy finds those that are set four times as fast as of bytes.
    places = np.flatnonzero(unpacked(may_be, 0, stop - start).view(np.bool_)) + start
    return frequent.added(places, np.zeros(len(places), np.float32), needed)


def _weighing(bits: Bits, weights: Float32s, needed: float) -> Bits | np.uint8:
    """Bits of the places whose words weigh more than needed; one byte where it is the same for all places."""
    if needed < 0:
        return np.uint8(0xFF)
    if weights.sum() <= needed:
        return np.uint8(0)
    holding: Bits = bits[0] & _weighing(bits[1:], weights[1:], needed - float(weights[0]))
    either: Bits = holding | _weighing(bits[1:], weights[1:], needed)
    return either
