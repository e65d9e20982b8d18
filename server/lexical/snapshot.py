"""What a search sees: shelves that stay as they are while it runs, whatever is written meanwhile."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.types import Bools
from server.lexical import bm25
from server.lexical.best import Best
from server.lexical.searching import offer_titles
from server.lexical.segment import Keys, Segment
from server.lexical.shelf import Shelf
from server.result import Hits

NOTHING = Hits(np.zeros(0, np.int64), np.zeros(0, np.float32))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Titles that were replaced or removed are not found, but count in word frequencies until they are merged away."""

    shelves: tuple[Shelf, ...] = ()
    mean_length: float = 0.0

    @property
    def count(self) -> int:
        """Titles that can be found."""
        return sum(shelf.count for shelf in self.shelves)

    def search(self, keys: Keys, k: int) -> Hits:
        """The k best titles that hold any of the words."""
        if not self.shelves or k < 1:
            return NOTHING
        frequency = np.sum([shelf.segment.document_frequency(keys) for shelf in self.shelves], axis=0)
        keys, frequency = keys[frequency > 0], frequency[frequency > 0]
        weights = bm25.weights(frequency, sum(shelf.segment.count for shelf in self.shelves))
        best = Best(k)
        # The largest first: it raises the floor under which the others need not be looked at.
        for shelf in sorted(self.shelves, key=lambda shelf: -shelf.segment.count):
            offer_titles(shelf, keys, weights, best)
        return Hits(*best.ranked())


def snapshot_of(there: Sequence[tuple[Segment, Bools | None]], before: Iterable[Shelf]) -> Snapshot:
    """A snapshot of segments and of what of each is alive. Norms are taken over from `before` where they hold still."""
    mean_length = _mean_length([segment for segment, _ in there])
    norms = {id(shelf.segment): shelf.norms for shelf in before if shelf.mean_length == mean_length}
    shelves = []
    for segment, alive in there:
        own = norms.get(id(segment))
        own = bm25.norms(segment.lengths, mean_length) if own is None else own
        shelves.append(Shelf(segment, own, alive, mean_length))
    return Snapshot(tuple(shelves), mean_length)


def _mean_length(segments: Sequence[Segment]) -> float:
    """In hundredths: one more title in a million leaves it as it is, and with it the norms of all others."""
    words = sum(len(segment.places) + int(segment.holders.sum()) for segment in segments)
    return round(words / max(sum(segment.count for segment in segments), 1), 2)
