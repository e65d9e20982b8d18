"""The real parts that a canary asks, in small batches: who looks at a live index must not be in anybody's way."""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import Encoder
from multigrain.features.windows import Windows
from multigrain.index.item_index import Found, ItemIndex
from multigrain.index.specs import IndexSpec
from multigrain.types import Float32s, Int64s

TRIALS = 500
"""Wanted of a look. With 500, one row lost of twenty stands out from the usual floor of 0.98."""
ITEMS_MIN, ITEMS_MAX = 2_000, 20_000
"""Drawn for them: of a larger catalogue fewer of those drawn belong into an answer."""
ITEMS_AT_ONCE, QUERIES_AT_ONCE = 64, 8
"""Small, so that a request which comes meanwhile waits for one batch and no more."""
SEARCH_SECONDS = 10.0
EDGE, EDGE_ROUNDED = 1e-3, 1e-2
"""Items whose true scores are this near to the last one of an answer may stand in it or not; in lengths of the two
vectors. ROUNDED: of kinds that keep vectors rounded, whose own idea of the last score is as rough."""
SCORE, SCORE_ROUNDED = 1e-3, 5e-2
"""How far a right score may be off, likewise."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How gently to look."""

    pause_seconds: float = 0.0
    """After each batch: encoding takes cores from whoever is being answered."""
    settle_seconds: float = 1.0
    """Before suspects are looked at again."""

    def pause(self) -> None:
        if self.pause_seconds:
            time.sleep(self.pause_seconds)

    def settle(self) -> None:
        time.sleep(self.settle_seconds)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Items of the catalogue with the vectors that the tower gives them."""

    item_nos: Int64s
    vectors: Float32s
    """[M, dims]"""
    of: int
    """How many there are in the whole catalogue."""


class Probe:
    """A generation's towers and index, and the catalogue that both were made of."""

    def __init__(
        self, encoder: Encoder, index: ItemIndex, catalogue: SqlCatalogue, pace: Pace, spec: IndexSpec, *, k: int
    ) -> None:
        self._encoder, self._index, self._catalogue, self._pace = encoder, index, catalogue, pace
        self.k = min(k, spec.deepest)
        self.edge, self.score = (EDGE_ROUNDED, SCORE_ROUNDED) if spec.rounds else (EDGE, SCORE)

    def encode(self, queries: Sequence[tuple[str, Windows]]) -> Float32s:
        """Vectors of the queries, [Q, dims]."""
        parts = self._parts(len(queries), QUERIES_AT_ONCE)
        return self._rows([self._encoder.encode_queries(queries[part]) for part in parts])

    def search(self, vectors: Float32s) -> Found:
        """The answers to these, `k` deep."""
        found = [Found(np.zeros((0, self.k), np.int64), np.zeros((0, self.k), np.float32))]
        for part in self._parts(len(vectors), QUERIES_AT_ONCE):
            found.append(self._index.search(vectors[part], self.k, timeout_seconds=SEARCH_SECONDS))
        return Found(np.concatenate([one.item_nos for one in found]), np.concatenate([one.scores for one in found]))

    def draw(self, rng: np.random.Generator, *, queries: int) -> Drawn:
        """Items at random, as many as so many queries need for their trials."""
        there, last = self._catalogue.count(), self._catalogue.last_item_no()
        if not there or not queries:
            return Drawn(np.zeros(0, np.int64), self._rows([]), there)
        wanted = math.ceil(TRIALS * there / (queries * self.k))
        wanted = min(max(wanted, ITEMS_MIN), ITEMS_MAX)
        # Numbers of removed items are drawn in vain.
        numbers = rng.choice(last, min(last, math.ceil(wanted * last / there)), replace=False)
        return Drawn(*self.vectors_of(numbers + 1), there)

    def vectors_of(self, item_nos: Int64s) -> tuple[Int64s, Float32s]:
        """Of those that the catalogue holds now: their numbers, and what the item tower makes of them."""
        known, vectors = [np.zeros(0, np.int64)], []
        for part in self._parts(len(item_nos), ITEMS_AT_ONCE):
            rows = self._catalogue.sample(item_nos[part].tolist())
            if rows:
                known.append(np.array([row.item_no for row in rows], np.int64))
                vectors.append(self._encoder.encode_items([row.item for row in rows]))
        return np.concatenate(known), self._rows(vectors)

    def _rows(self, parts: Sequence[Float32s]) -> Float32s:
        return np.concatenate([np.zeros((0, self._encoder.dims), np.float32), *parts])

    def _parts(self, count: int, at_once: int) -> Iterator[slice]:
        for start in range(0, count, at_once):
            yield slice(start, start + at_once)
            self._pace.pause()
