"""What lies in memory: titles that never change again, and for each word the titles that hold it.

A title is known by its place, 0 to count - 1. Places go by the number of words, then by item_no: BM25 prefers the
shorter of two titles that hold the same words, so the best places of a word are its first ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Int64s

Keys: TypeAlias = NDArray[np.uint64]
Places: TypeAlias = NDArray[np.int32]
Lengths: TypeAlias = NDArray[np.uint16]
Bits: TypeAlias = NDArray[np.uint8]

FREQUENT = 32
"""A word in one title of 32 takes as much as a bit for every title as it does as a list of 4-byte places."""

LENGTH_MAX = np.iinfo(np.uint16).max


@dataclass(frozen=True, slots=True)
class Segment:
    """A word is frequent, a row of bits with one bit a title, or rare, a list of places."""

    item_nos: Int64s
    lengths: Lengths
    """Words by place, never falling."""

    rare: Keys
    """Sorted."""
    starts: Int64s
    """[len(rare) + 1]: where the places of a rare word begin; they end where the next begin."""
    places: Places
    """Of all rare words, each word's in order."""

    frequent: Keys
    """Sorted."""
    bits: Bits
    """[len(frequent), ceil(count / 8)]: the lowest bit of a byte is the first place."""
    holders: Int64s
    """Titles by frequent word."""

    @property
    def count(self) -> int:
        return len(self.item_nos)

    def columns(self) -> tuple[NDArray[np.generic], ...]:
        """All of it, in the order of the fields."""
        return (
            self.item_nos,
            self.lengths,
            self.rare,
            self.starts,
            self.places,
            self.frequent,
            self.bits,
            self.holders,
        )

    def rare_rows(self, keys: Keys) -> Int64s:
        """Where each key stands in `rare`, -1 where it does not."""
        return _rows(self.rare, keys)

    def frequent_rows(self, keys: Keys) -> Int64s:
        """Where each key stands in `frequent`, -1 where it does not."""
        return _rows(self.frequent, keys)

    def document_frequency(self, keys: Keys) -> Int64s:
        """How many titles hold each word."""
        found = np.zeros(len(keys), np.int64)
        rows = self.rare_rows(keys)
        known = rows >= 0
        found[known] = self.starts[rows[known] + 1] - self.starts[rows[known]]
        rows = self.frequent_rows(keys)
        known = rows >= 0
        found[known] = self.holders[rows[known]]
        return found

    def places_of(self, rare_row: int) -> Places:
        return self.places[self.starts[rare_row] : self.starts[rare_row + 1]]


def _rows(of: Keys, keys: Keys) -> Int64s:
    if not len(of):
        return np.full(len(keys), -1, np.int64)
    rows = np.minimum(np.searchsorted(of, keys), len(of) - 1)
    return np.where(of[rows] == keys, rows, -1)


def of_titles(item_nos: Int64s, titles: Sequence[Sequence[int]]) -> Segment:
    """A segment of titles, each given as the keys of its words."""
    counts = np.array([len(keys) for keys in titles], np.int64)
    keys = np.fromiter((key for keys in titles for key in keys), np.uint64, int(counts.sum()))
    order = np.lexsort((item_nos, counts))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    words, word_of = np.unique(keys, return_inverse=True)
    pairs = paired(word_of, np.repeat(place, counts))
    return of_pairs(words, pairs, item_nos[order], np.minimum(counts[order], LENGTH_MAX).astype(np.uint16))


def paired(words: Int64s, places: Int64s) -> NDArray[np.uint64]:
    """(number of the word, place) in one integer: sorting these sorts by word and then by place, in one array."""
    return words.astype(np.uint64) << np.uint64(32) | places.astype(np.uint64)


def of_pairs(words: Keys, pairs: NDArray[np.uint64], item_nos: Int64s, lengths: Lengths) -> Segment:
    """A segment of (word, place) pairs as `paired` makes them, in any order; they are sorted where they lie."""
    pairs.sort()
    edges = np.searchsorted(pairs, np.arange(len(words) + 1, dtype=np.uint64) << np.uint64(32))
    holders = np.diff(edges)
    places = pairs.astype(np.uint32).view(np.int32)
    often = (holders * FREQUENT >= len(item_nos)) & (holders > 0)
    bits = np.zeros((int(often.sum()), (len(item_nos) + 7) // 8), np.uint8)
    for row, word in enumerate(np.flatnonzero(often)):
        bits[row] = _bits(places[edges[word] : edges[word + 1]], len(item_nos))
    # A word that nothing holds any more is left out.
    seldom = ~often & (holders > 0)
    return Segment(
        item_nos=item_nos,
        lengths=lengths,
        rare=words[seldom],
        starts=np.concatenate(([0], np.cumsum(holders[seldom]))),
        places=places[np.repeat(seldom, holders)],
        frequent=words[often],
        bits=bits,
        holders=holders[often],
    )


def _bits(places: Places, count: int) -> Bits:
    held = np.zeros(count, np.uint8)
    held[places] = 1
    return np.packbits(held, bitorder="little")


def unpacked(bits: Bits, start: int, stop: int) -> Bits:
    """A zero or a one by place, from `start`, which is a multiple of 8, to `stop`."""
    return np.unpackbits(bits[start // 8 : (stop + 7) // 8], count=stop - start, bitorder="little")
