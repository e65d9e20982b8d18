"""Public id -> item_no, as an array that processes share: open addressing in levels.

When a level is full the next one, twice as large, goes on; what is in a level is never moved. So a catalogue that
grows is never hashed anew, and whoever searches while it grows finds what was there. Holds numbers and
hashes: whoever asks compares the ids.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar
from zlib import crc32

import numpy as np

from multigrain.catalog.memory import Space
from multigrain.types import Int64s

Number = TypeVar("Number", int, Int64s)

_FIRST_LEVEL = 16
_LAST_LEVEL = 28
_FULL = 0.6
"""Of a level. Fuller, and the ways from slot to slot become long."""
_SPREAD = 0x9E3779B1
"""An odd number: it carries the differences of all 32 bits into the upper ones, which choose the slot."""
_BITS = 0xFFFFFFFF
_HASH = 0x7FFFFFFF
"""So that a slot is never negative."""
_NUMBER_BITS, _NUMBER = 32, 0xFFFFFFFF


class IdIndex:
    """Level L has 2^L slots, from slot 2^L on. A slot holds a hash and, below it, an item_no; 0: it is free."""

    def __init__(self, space: Space) -> None:
        self._held = space.int64s(_LAST_LEVEL + 1)
        self._slots = space.int64s(2 << _LAST_LEVEL)
        self._slot = self._slots.data

    def put(self, hashes: Int64s, item_nos: Int64s) -> None:
        """Adds items that it does not hold yet. By one writer; may be called again after it was broken off."""
        while len(item_nos):
            level = max(self._levels(), default=_FIRST_LEVEL)
            if (room := int(_FULL * (1 << level)) - int(self._held[level])) <= 0:
                level, room = level + 1, int(_FULL * (2 << level))
            self._fill(level, hashes[:room], item_nos[:room])
            hashes, item_nos = hashes[room:], item_nos[room:]

    def _fill(self, level: int, hashes: Int64s, item_nos: Int64s) -> None:
        # Before the slots: a level in which nobody looks could lose what is put into it.
        self._held[level] += len(item_nos)
        entries, places = hashes << _NUMBER_BITS | item_nos, _home(hashes, level)
        while len(places):
            free = self._slots[places] == 0
            self._slots[places[free]] = entries[free]
            # Of several that found the same slot free, one has it now.
            left = self._slots[places] != entries
            places, entries = _next(places[left], level), entries[left]

    def candidates(self, one_hash: int) -> Iterator[int]:
        """Every item_no whose id has this hash; those added last, first."""
        for level in self._levels():
            place = _home(one_hash, level)
            while entry := self._slot[place]:
                if entry >> _NUMBER_BITS == one_hash:
                    yield entry & _NUMBER
                place = _next(place, level)

    def candidates_of_many(self, hashes: Int64s, found: Int64s) -> Iterator[tuple[Int64s, Int64s]]:
        """Rounds of (positions, item_nos): positions that are 0 in `found`, each with a number whose id has its hash.

        Whoever asks writes those that are right into `found` before the next round.
        """
        for level in self._levels():
            open_ = np.flatnonzero(found == 0)
            places = _home(hashes[open_], level)
            while len(open_):
                entries = self._slots[places]
                alike = entries >> _NUMBER_BITS == hashes[open_]
                if alike.any():
                    yield open_[alike], entries[alike] & _NUMBER
                on = (entries != 0) & (found[open_] == 0)
                open_, places = open_[on], _next(places[on], level)

    def _levels(self) -> Iterator[int]:
        """Those in use, the newest and largest first."""
        return (level for level in range(_LAST_LEVEL, _FIRST_LEVEL - 1, -1) if self._held[level])


def hash_of(item_id: bytes) -> int:
    """The same in every process, unlike Python's own."""
    return crc32(item_id) & _HASH


def hashes_of(item_ids: Sequence[bytes]) -> Int64s:
    return np.fromiter(map(crc32, item_ids), np.int64, len(item_ids)) & _HASH


def _home(of_hash: Number, level: int) -> Number:
    """The slot in which the search for it begins."""
    return (1 << level) + ((of_hash * _SPREAD & _BITS) >> (32 - level))


def _next(place: Number, level: int) -> Number:
    first = 1 << level
    return first + ((place - first + 1) & (first - 1))
