"""The index in memory: every vector is compared, so it is right at any k, and the measure for every other.

Knows no server and no index kind: the spec is kept, not used. Of equal scores the lower item_no comes first.
"""

from collections.abc import Sequence
from threading import RLock

import numpy as np
from numpy.typing import NDArray

from multigrain.errors import NotFound, WrongState
from multigrain.index.hard_filter import is_under
from multigrain.index.item_index import ABSENT, Found, HardFilter, IndexRows
from multigrain.index.rows import newest, require_name, require_vectors, take
from multigrain.index.specs import IndexSpec
from multigrain.types import Bools, Float32s, Int64s

FIRST_ROWS = 1024


class ExactIndex:
    """An ItemIndex of NumPy columns that double when they are full. Writers and searches take turns."""

    def __init__(self, name: str, *, dims: int) -> None:
        self._name = name
        self._dims = dims
        self._lock = RLock()
        self._row_of: dict[int, int] = {}
        self._item_nos = np.full(FIRST_ROWS, ABSENT)
        self._vectors = np.zeros((FIRST_ROWS, dims), np.float32)
        self._revisions = np.zeros(FIRST_ROWS, np.int64)
        self._statuses = np.zeros(FIRST_ROWS, np.int64)
        self._brands, self._categories, self._shops = (_Words(FIRST_ROWS) for _ in range(3))
        self._used = 0
        self._free: list[int] = []
        self._dropped = False

    def upsert(self, rows: IndexRows) -> int:
        require_vectors(rows.vectors, self._dims)
        with self._held():
            rows = newest(rows)
            places = np.array([self._row_of.get(item_no, -1) for item_no in rows.item_nos.tolist()], np.int64)
            fresh = (places < 0) | (rows.revisions >= self._revisions[places])
            kept, places = take(rows, np.flatnonzero(fresh)), places[fresh]
            places[places < 0] = self._new_places(kept.item_nos[places < 0])
            self._item_nos[places] = kept.item_nos
            self._vectors[places] = kept.vectors
            self._revisions[places] = kept.revisions
            self._statuses[places] = kept.statuses
            self._brands.put(places, kept.brands)
            self._categories.put(places, kept.categories)
            self._shops.put(places, kept.shops)
            return len(kept)

    def delete(self, item_nos: Int64s) -> None:
        with self._held():
            for item_no in item_nos.tolist():
                row = self._row_of.pop(item_no, None)
                if row is not None:
                    self._item_nos[row] = ABSENT
                    self._free.append(row)

    def search(self, vectors: Float32s, k: int, *, only: HardFilter | None = None, timeout_seconds: float) -> Found:
        """As the protocol says; it computes, so there is no one whose answer could be late."""
        require_vectors(vectors, self._dims)
        with self._held():
            rows = np.flatnonzero(self._passing(only))
            item_nos, scores = self._item_nos[rows], vectors @ self._vectors[rows].T
        found = Found(np.full((len(vectors), k), ABSENT), np.full((len(vectors), k), -np.inf, np.float32))
        for query, row_scores in enumerate(scores):
            best = _best(row_scores, item_nos, k)
            found.item_nos[query, : len(best)] = item_nos[best]
            found.scores[query, : len(best)] = row_scores[best]
        return found

    def vectors_of(self, item_nos: Int64s) -> dict[int, Float32s]:
        with self._held():
            known = [item_no for item_no in item_nos.tolist() if item_no in self._row_of]
            return {item_no: self._vectors[self._row_of[item_no]].copy() for item_no in known}

    def count(self) -> int:
        with self._held():
            return len(self._row_of)

    def finish(self) -> None:
        self._held()  # and nothing to build

    def load(self) -> None:
        self._held()  # and always searchable

    def drop(self) -> None:
        with self._held():
            self._dropped = True

    @property
    def dropped(self) -> bool:
        return self._dropped

    def _held(self) -> RLock:
        if self._dropped:
            raise NotFound(f"index {self._name} was dropped: open another")
        return self._lock

    def _passing(self, only: HardFilter | None) -> Bools:
        passing: Bools = self._item_nos[: self._used] != ABSENT
        if only is None:
            return passing
        if only.brands:
            passing &= self._brands.among(self._used, set(only.brands))
        if only.categories:
            under = {word for word in self._categories.words if any(is_under(word, path) for path in only.categories)}
            passing &= self._categories.among(self._used, under)
        if only.shops:
            passing &= self._shops.among(self._used, set(only.shops))
        if only.statuses:
            passing &= np.isin(self._statuses[: self._used], only.statuses)
        return passing

    def _new_places(self, item_nos: Int64s) -> Int64s:
        freed = [self._free.pop() for _ in range(min(len(self._free), len(item_nos)))]
        added = len(item_nos) - len(freed)
        places = np.array([*freed, *range(self._used, self._used + added)], np.int64)
        self._used += added
        if self._used > len(self._item_nos):
            self._grow(max(self._used, 2 * len(self._item_nos)))
        self._row_of.update(zip(item_nos.tolist(), places.tolist(), strict=True))
        return places

    def _grow(self, size: int) -> None:
        self._item_nos = np.append(self._item_nos, np.full(size - len(self._item_nos), ABSENT))
        self._vectors = np.resize(self._vectors, (size, self._dims))
        self._revisions = np.resize(self._revisions, size)
        self._statuses = np.resize(self._statuses, size)
        for words in (self._brands, self._categories, self._shops):
            words.codes = np.resize(words.codes, size)


class ExactIndexStore:
    """An IndexStore that forgets everything with the process."""

    def __init__(self) -> None:
        self._indexes: dict[str, ExactIndex] = {}

    def create(self, name: str, *, dims: int, spec: IndexSpec) -> ExactIndex:
        require_name(name)
        if name in self.names():
            raise WrongState(f"index {name} exists: choose another name, or drop it first")
        self._indexes[name] = ExactIndex(name, dims=dims)
        return self._indexes[name]

    def open(self, name: str) -> ExactIndex:
        if name not in self.names():
            raise NotFound(f"no index {name}: there are {', '.join(self.names()) or 'none'}")
        return self._indexes[name]

    def names(self) -> Sequence[str]:
        return sorted(name for name, index in self._indexes.items() if not index.dropped)

    def describe(self) -> str:
        return "exact search in memory"


class _Words:
    """A column of strings, kept as codes."""

    def __init__(self, size: int) -> None:
        self.words: dict[str, int] = {}
        self.codes: NDArray[np.int64] = np.zeros(size, np.int64)

    def put(self, places: Int64s, words: Sequence[str]) -> None:
        self.codes[places] = [self.words.setdefault(word, len(self.words)) for word in words]

    def among(self, used: int, words: set[str]) -> Bools:
        return np.isin(self.codes[:used], [self.words[word] for word in words if word in self.words])


def _best(scores: Float32s, item_nos: Int64s, k: int) -> Int64s:
    """Positions of the k highest scores, best first, ties by item_no: also the ties at the edge of the k."""
    if k < len(scores):
        edge = np.partition(scores, len(scores) - k)[len(scores) - k]
        above, at_edge = np.flatnonzero(scores > edge), np.flatnonzero(scores == edge)
        at_edge = at_edge[np.argsort(item_nos[at_edge])][: k - len(above)]
        chosen = np.concatenate([above, at_edge])
    else:
        chosen = np.arange(len(scores))
    return chosen[np.lexsort((item_nos[chosen], -scores[chosen]))]
