"""The shape of a scan: vectors in numbered places, and what a search asks of them.

Knows no items, no filters and no locks: which place is whose, and who may write when, is decided in exact.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from multigrain.types import Float32s, Int64s

BATCH = 64
"""At most so many queries are asked of a scan at a time, which bounds the scores that are held."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Places and the scores of what lies there, in no order."""

    places: Int64s
    scores: Float32s

    def at(self, positions: Int64s) -> "Hits":
        return Hits(self.places[positions], self.scores[positions])

    def best(self, count: int) -> "Hits":
        """Those of the highest scores, in no order."""
        if len(self.scores) <= count:
            return self
        return self.at(np.argpartition(self.scores, len(self.scores) - count)[-count:])


class View(Protocol):
    """The first `used` places as they are. Writers are not kept out: a place that is written meanwhile may be torn."""

    used: int

    def wanted(self, k: int) -> int:
        """How many of the best by `above` certainly hold the best k."""
        ...

    def scores(self, queries: Float32s, places: Int64s) -> Float32s:
        """Inner products [B, n] with what is at these places, as near to the true ones as is stored."""
        ...

    def rough_scores(self, queries: Float32s, places: Int64s) -> Float32s:
        """Those by which `above` judges, [B, n]."""
        ...

    def above(self, queries: Float32s, floors: Float32s) -> Sequence[Hits]:
        """Of each query, everything that roughly scores above its floor [B]. At most BATCH queries at a time."""
        ...

    def refined(self, query: Float32s, hits: Hits, k: int) -> Hits:
        """The best `wanted(k)` of these hits of `above`, or more, scored again as far as that decides what is best."""
        ...


class Scan(Protocol):
    """Vectors in places. Growing replaces arrays, so that a view taken before goes on reading what it saw."""

    def grow(self, size: int) -> None:
        """Makes room for this many places."""
        ...

    def order(self, vectors: Float32s) -> Int64s:
        """Positions of the vectors in the order in which neighbouring places suit them."""
        ...

    def put(self, places: Int64s, vectors: Float32s) -> None:
        """Stores each vector [n, dims] in its place."""
        ...

    def vectors(self, places: Int64s) -> Float32s:
        """What is stored there, [n, dims]; a copy."""
        ...

    def view(self, used: int) -> View:
        """What a search reads."""
        ...
