"""Titles, searchable by word, in the memory of this process. One writes, any number search, and nobody waits.

Knows item_no and title only; whether an item may be shown is judged elsewhere.
"""

import logging
import threading
from collections.abc import Iterable, Sequence

import numpy as np

from multigrain.types import Bools, Int64s
from server.lexical.holding import Holding
from server.lexical.ledger import Ledger
from server.lexical.merging import merged
from server.lexical.segment import Segment, of_titles
from server.lexical.shelf import Shelf
from server.lexical.snapshot import Snapshot, snapshot_of
from server.lexical.tidying import due
from server.lexical.words import keys_of_query, keys_of_titles
from server.result import Hits

log = logging.getLogger(__name__)

MERGED_AT_ONCE = 1 << 15
"""Titles that a put merges itself, in about 100 ms; more are merged beside it, in a thread."""


class LexicalIndex:
    """A search reads the snapshot that stands when it begins. Writers take turns, and replace the snapshot."""

    def __init__(self) -> None:
        self._writing = threading.Lock()
        self._ledger = Ledger()
        self._segments: dict[int, tuple[Segment, Bools | None]] = {}
        """By serial, the oldest first: the segment, and what of it is alive; None: all."""
        self._last_serial = 0
        self._snapshot = Snapshot()
        self._holding = Holding()
        self._merging: threading.Thread | None = None
        self._merging_serials: list[int] = []

    def put(self, titles: Iterable[tuple[int, str]]) -> None:
        """Adds these (item_no, title), or replaces them; all visible at once. One that did not change costs little."""
        by_item = dict(titles)
        with self._writing:
            item_nos, marks = self._ledger.changed(by_item)
            if len(item_nos):
                segment = of_titles(item_nos, keys_of_titles([by_item[item_no] for item_no in item_nos.tolist()]))
                self._bury(self._ledger.known(item_nos))
                self._add(segment)
                self._ledger.note(item_nos, marks)
                self._publish()

    def remove(self, item_nos: Iterable[int]) -> None:
        """Takes these out; unknown ones are ignored."""
        with self._writing:
            known = self._ledger.known(np.fromiter(item_nos, np.int64))
            if len(known):
                self._bury(known)
                self._ledger.forget(known)
                self._publish()

    def search(self, query: str, k: int) -> Hits:
        """The k titles that hold most of the query's words, the rarer ones counting more (BM25)."""
        return self._snapshot.search(keys_of_query(query), k)

    def holders(self, word: str) -> Int64s:
        """The item_nos whose titles hold the word, ascending."""
        return self._holding.holders(self._snapshot, word)

    @property
    def snapshot(self) -> Snapshot:
        """What searches see now; it stays as it is."""
        return self._snapshot

    def count(self) -> int:
        """Titles that can be found."""
        return self._snapshot.count

    def compact(self) -> None:
        """Merges all into one segment: nothing is faster to search, and word frequencies are exact. Blocks writers."""
        self._wait()
        with self._writing:
            if self._segments:
                self._replace(list(self._segments), merged(self._snapshot.shelves))
                self._show()

    def close(self) -> None:
        """Waits until nothing runs any more."""
        self._wait()

    def _wait(self) -> None:
        while (thread := self._merger()) is not None:
            thread.join()

    def _merger(self) -> threading.Thread | None:
        # Behind the lock: a merge that ends may start the next one before it gives the lock back.
        with self._writing:
            return self._merging

    def _add(self, segment: Segment) -> None:
        self._last_serial += 1
        self._segments[self._last_serial] = (segment, None)
        self._ledger.stand(segment.item_nos, np.arange(segment.count), self._last_serial)

    def _bury(self, item_nos: Int64s) -> None:
        """A search that runs keeps the mask that it has: the dead are marked on a copy."""
        for serial, places in self._ledger.standing(item_nos).items():
            segment, alive = self._segments[serial]
            alive = np.ones(segment.count, np.bool_) if alive is None else alive.copy()
            alive[places] = False
            self._segments[serial] = (segment, alive)

    def _publish(self) -> None:
        self._show()
        while (there := self._due()) and _titles(there.values()) <= MERGED_AT_ONCE:
            self._replace(list(there), merged(list(there.values())))
            self._show()
        if there and self._merging is None:
            self._merging_serials = list(there)
            self._merging = threading.Thread(target=self._merge, args=(there,), name="lexical-merge", daemon=True)
            self._merging.start()

    def _show(self) -> None:
        self._snapshot = snapshot_of(list(self._segments.values()), self._snapshot.shelves)

    def _due(self) -> dict[int, Shelf]:
        """By serial: what to merge next, of what is not being merged already."""
        free = {
            serial: shelf
            for serial, shelf in zip(self._segments, self._snapshot.shelves, strict=True)
            if serial not in self._merging_serials
        }
        chosen = due(list(free.values()))
        return {} if chosen is None else dict(list(free.items())[chosen])

    def _merge(self, there: dict[int, Shelf]) -> None:
        try:
            segment = merged(list(there.values()))
        except Exception:
            # A thread has nobody to fail to. All titles are there, in more segments than need be.
            log.exception("titles not merged: searches are slower until a later put merges them")
            segment = None
        with self._writing:
            self._merging, self._merging_serials = None, []
            if segment is not None:
                self._replace(list(there), segment)
                self._publish()

    def _replace(self, serials: Sequence[int], segment: Segment) -> None:
        """Puts the merged segment in the place of those it came of. What was buried meanwhile stays buried."""
        still = self._ledger.still(segment.item_nos, serials)
        alive = np.zeros(segment.count, np.bool_)
        alive[still] = True
        self._last_serial += 1
        self._ledger.stand(segment.item_nos[still], still, self._last_serial)
        one = (self._last_serial, (segment, None if alive.all() else alive))
        # Where the first of them stood: the largest and oldest come first.
        ordered = [one if there[0] == serials[0] else there for there in self._segments.items()]
        self._segments = {
            serial: there for serial, there in ordered if serial not in serials and len(there[0].item_nos)
        }


def _titles(shelves: Iterable[Shelf]) -> int:
    return sum(shelf.count for shelf in shelves)
