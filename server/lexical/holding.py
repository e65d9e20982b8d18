"""Whose titles hold a word: every one of them, unranked. Kept for as long as a snapshot stands."""

from collections import OrderedDict
from threading import Lock

import numpy as np

from multigrain.types import Int64s
from server.lexical.segment import Keys, unpacked
from server.lexical.shelf import Shelf
from server.lexical.snapshot import Snapshot
from server.lexical.words import key_of

KEPT = 256
"""Words. A shop's queries demand the same ones again and again."""
KEPT_HOLDERS = 1 << 20
"""Of all kept words together, 8 bytes each."""
FEW = 1 << 16
"""Numbers that are put in order faster by sorting than by marking all there are."""


class Holding:
    """Of the snapshot that it was asked of last. Any number of threads at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._snapshot = Snapshot()
        self._kept: OrderedDict[str, Int64s] = OrderedDict()
        self._kept_holders = 0

    def holders(self, snapshot: Snapshot, word: str) -> Int64s:
        """The item_nos whose titles hold the word, ascending; read-only."""
        with self._lock:
            if snapshot is not self._snapshot:
                self._snapshot, self._kept, self._kept_holders = snapshot, OrderedDict(), 0
            if word in self._kept:
                self._kept.move_to_end(word)
                return self._kept[word]
        found = _holders(snapshot, np.array([key_of(word)], np.uint64))
        found.flags.writeable = False
        with self._lock:
            if snapshot is self._snapshot and word not in self._kept:
                self._keep(word, found)
        return found

    def _keep(self, word: str, found: Int64s) -> None:
        self._kept[word] = found
        self._kept_holders += len(found)
        while len(self._kept) > 1 and (len(self._kept) > KEPT or self._kept_holders > KEPT_HOLDERS):
            _, gone = self._kept.popitem(last=False)
            self._kept_holders -= len(gone)


def _holders(snapshot: Snapshot, keys: Keys) -> Int64s:
    found = np.concatenate([np.zeros(0, np.int64), *(_in_shelf(shelf, keys) for shelf in snapshot.shelves)])
    if len(found) <= FEW:
        # A title stands in one segment only, so every number is there once.
        found.sort()
        return found
    marks = np.zeros(int(found.max()) + 1, np.bool_)
    marks[found] = True
    return np.flatnonzero(marks)


def _in_shelf(shelf: Shelf, keys: Keys) -> Int64s:
    segment = shelf.segment
    rare, frequent = int(segment.rare_rows(keys)[0]), int(segment.frequent_rows(keys)[0])
    if rare >= 0:
        places = segment.places_of(rare).astype(np.int64)
    elif frequent >= 0:
        places = np.flatnonzero(unpacked(segment.bits[frequent], 0, segment.count).view(np.bool_))
    else:
        return np.zeros(0, np.int64)
    return segment.item_nos[places if shelf.alive is None else places[shelf.alive[places]]]
