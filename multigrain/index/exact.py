"""The index in memory: every vector is compared, so it is right at any k, and the measure for every other.

Knows no server and no index kind: the spec is kept, not used. Of equal scores the lower item_no comes first.

READ FIRST: `ExactIndex.search`. Searches hold no lock while they compare: they take turns with nobody, and a writer
with them only for moments. Rows are overwritten in their places, so a search may read one that is half written. Every
write leaves a stamp on its rows; when a search has compared, it takes the lock, throws away what it saw of the rows
that were stamped meanwhile and compares these again. An answer is therefore what the index held at one moment, its end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import RLock

import numpy as np

from multigrain.errors import InvalidSpec, NotFound, WrongState
from multigrain.index.filter_columns import FilterColumns, Places
from multigrain.index.item_index import ABSENT, Built, Found, HardFilter, IndexRows
from multigrain.index.rows import newest, require_name, require_vectors, take
from multigrain.index.scans.fp32 import Fp32Scan
from multigrain.index.scans.growth import grown
from multigrain.index.scans.int8 import Int8Scan
from multigrain.index.scans.nearest import nearest
from multigrain.index.scans.products import joined
from multigrain.index.scans.scan import Hits, Scan
from multigrain.index.specs import IndexSpec
from multigrain.types import Bools, Float32s, Int64s

FIRST_ROWS = 1024


class ExactIndex:
    """An ItemIndex of NumPy columns that double when they are full.

    `bits` 32 keeps vectors as they came. 8 reads a quarter of the bytes in a search and keeps half of them in all. Its
    vectors come back right to 2e-5 of their largest component; how near its scores are says scans/int8.py. It needs
    faiss.
    """

    def __init__(self, name: str, *, dims: int, bits: int = 32) -> None:
        self._name = name
        self._dims = dims
        self._lock = RLock()
        self._place_of: dict[int, int] = {}
        self._titles: dict[int, str] = {}
        self._item_nos = np.full(FIRST_ROWS, ABSENT)
        self._alive = np.zeros(FIRST_ROWS, np.bool_)
        self._revisions = np.zeros(FIRST_ROWS, np.int64)
        self._stamps = np.zeros(FIRST_ROWS, np.int64)
        self._columns = FilterColumns(FIRST_ROWS)
        self._scan = _scan(bits, dims)
        self._writes = 0
        self._used = 0
        self._free: list[int] = []
        self._dropped = False

    def fill(self, rows: IndexRows) -> None:
        self.upsert(rows)

    def upsert(self, rows: IndexRows) -> int:
        require_vectors(rows.vectors, self._dims)
        rows = newest(rows)
        with self._held():
            places = np.array([self._place_of.get(item_no, -1) for item_no in rows.item_nos.tolist()], np.int64)
            fresh = (places < 0) | (rows.revisions >= self._revisions[places])
            if not fresh.all():
                rows, places = take(rows, np.flatnonzero(fresh)), places[fresh]
            unplaced = np.flatnonzero(places < 0)
            unplaced = unplaced[self._scan.order(rows.vectors[unplaced])]
            places[unplaced] = self._new_places(rows.item_nos[unplaced])
            self._stamp(places)
            self._scan.put(places, rows.vectors)
            self._columns.put(places, rows)
            self._revisions[places] = rows.revisions
            self._titles.update(zip(rows.item_nos.tolist(), rows.titles, strict=True))
            self._item_nos[places] = rows.item_nos
            self._alive[places] = True
            return len(rows)

    def delete(self, item_nos: Int64s) -> None:
        with self._held():
            known = [item_no for item_no in dict.fromkeys(item_nos.tolist()) if item_no in self._place_of]
            places = [self._place_of.pop(item_no) for item_no in known]
            self._stamp(np.array(places, np.int64))
            self._item_nos[places] = ABSENT
            self._alive[places] = False
            self._free += places
            for item_no in known:
                del self._titles[item_no]

    def search(self, vectors: Float32s, k: int, *, only: HardFilter | None = None, timeout_seconds: float) -> Found:
        """As the protocol says; it computes, so there is no one whose answer could be late."""
        require_vectors(vectors, self._dims)
        queries = np.ascontiguousarray(vectors, np.float32)
        answers = self._answers(queries, k, only)
        if answers is None:  # so much was written meanwhile that too little was left of what it saw
            with self._held():
                answers = self._answers(queries, k, only)
        assert answers is not None, "nobody writes while the lock is held"
        return _found(answers, k)

    def rows_of(self, item_nos: Int64s) -> IndexRows:
        with self._held():
            known = dict.fromkeys(item_no for item_no in item_nos.tolist() if item_no in self._place_of)
            return self._rows(np.array([self._place_of[item_no] for item_no in known], np.int64))

    def scan(self, rows_at_once: int) -> Iterator[IndexRows]:
        with self._held():
            item_nos = self._item_nos[: self._used][self._alive[: self._used]]
        for start in range(0, len(item_nos), rows_at_once):
            rows = self.rows_of(item_nos[start : start + rows_at_once])
            if len(rows):
                yield rows

    def count(self) -> int:
        with self._held():
            return len(self._place_of)

    def finish(self, built: Built = lambda done, total: None) -> None:
        self._held()  # and nothing to build

    def load(self) -> None:
        self._held()  # and always searchable

    def release(self) -> None:
        self._held()  # and it lives nowhere else

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

    def _answers(self, queries: Float32s, k: int, only: HardFilter | None) -> Sequence["_Answer"] | None:
        """What is nearest to each query now; None when only a search without writers can tell."""
        with self._held():
            writes, view, alive = self._writes, self._scan.view(self._used), self._alive[: self._used]
            all_alive = not self._free
        passing = None if all_alive and only is None else self._passing(only, alive, slice(0, view.used))
        seen = nearest(view, queries, k, passing)
        with self._held():
            rewritten = np.flatnonzero(self._stamps[: self._used] > writes) if self._writes > writes else _NONE
            current = rewritten[self._passing(only, self._alive[rewritten], rewritten)]
            scores = self._scan.view(self._used).scores(queries, current)
            answers = []
            for query, hits in enumerate(seen):
                kept = hits.at(np.flatnonzero(self._stamps[hits.places] <= writes)) if len(rewritten) else hits
                if len(kept.places) < min(k, len(hits.places)):
                    return None
                hits = joined([kept, Hits(current, scores[query])]) if len(current) else kept
                answers.append(_Answer(self._item_nos[hits.places], hits.scores))
        return answers

    def _passing(self, only: HardFilter | None, alive: Bools, places: Places) -> Bools:
        passing = alive.copy()
        for demand in self._columns.passing(only, places) if only else ():
            passing &= demand
        if only and only.item_nos:
            passing &= np.isin(self._item_nos[places], only.item_nos)
        return passing

    def _rows(self, places: Int64s) -> IndexRows:
        """Copies: a later write must not show through."""
        return IndexRows(
            item_nos=self._item_nos[places],
            vectors=self._scan.vectors(places),
            revisions=self._revisions[places],
            brands=self._columns.brands(places),
            categories=self._columns.categories(places),
            shops=self._columns.shops(places),
            statuses=self._columns.statuses(places),
            titles=[self._titles[item_no] for item_no in self._item_nos[places].tolist()],
        )

    def _stamp(self, places: Int64s) -> None:
        self._writes += 1
        self._stamps[places] = self._writes

    def _new_places(self, item_nos: Int64s) -> Int64s:
        freed = [self._free.pop() for _ in range(min(len(self._free), len(item_nos)))]
        added = len(item_nos) - len(freed)
        places = np.array([*freed, *range(self._used, self._used + added)], np.int64)
        if self._used + added > len(self._item_nos):
            self._grow(max(self._used + added, 2 * len(self._item_nos)))
        self._used += added
        self._place_of.update(zip(item_nos.tolist(), places.tolist(), strict=True))
        return places

    def _grow(self, size: int) -> None:
        self._item_nos, self._revisions = grown(self._item_nos, size), grown(self._revisions, size)
        self._alive, self._stamps = grown(self._alive, size), grown(self._stamps, size)
        self._columns.grow(size)
        self._scan.grow(size)


class ExactIndexStore:
    """An IndexStore that forgets everything with the process."""

    def __init__(self, *, bits: int = 32) -> None:
        self._bits = bits
        self._indexes: dict[str, ExactIndex] = {}

    def create(self, name: str, *, dims: int, spec: IndexSpec) -> ExactIndex:
        require_name(name)
        if name in self.names():
            raise WrongState(f"index {name} exists: choose another name, or drop it first")
        self._indexes[name] = ExactIndex(name, dims=dims, bits=self._bits)
        return self._indexes[name]

    def open(self, name: str, *, spec: IndexSpec | None = None) -> ExactIndex:
        if name not in self.names():
            raise NotFound(f"no index {name}: there are {', '.join(self.names()) or 'none'}")
        return self._indexes[name]

    def names(self) -> Sequence[str]:
        return sorted(name for name, index in self._indexes.items() if not index.dropped)

    def describe(self) -> str:
        return "exact search in memory"


_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class _Answer:
    """Of one query: at least k items, or all that there are, in no order."""

    item_nos: Int64s
    scores: Float32s


def _scan(bits: int, dims: int) -> Scan:
    if bits == 32:
        return Fp32Scan(dims, FIRST_ROWS)
    if bits == 8:
        return Int8Scan(dims, FIRST_ROWS)
    raise InvalidSpec("bits", f"is {bits}", cure="give 8 or 32")


def _found(answers: Sequence[_Answer], k: int) -> Found:
    found = Found(np.full((len(answers), k), ABSENT), np.full((len(answers), k), -np.inf, np.float32))
    for query, answer in enumerate(answers):
        best = _best(answer, k)
        found.item_nos[query, : len(best)] = answer.item_nos[best]
        found.scores[query, : len(best)] = answer.scores[best]
    return found


def _best(answer: _Answer, k: int) -> Int64s:
    """Positions of the k highest scores, best first, ties by item_no: also the ties at the edge of the k."""
    scores, item_nos = answer.scores, answer.item_nos
    if k < len(scores):
        edge = np.partition(scores, len(scores) - k)[len(scores) - k]
        above, at_edge = np.flatnonzero(scores > edge), np.flatnonzero(scores == edge)
        at_edge = at_edge[np.argsort(item_nos[at_edge])][: k - len(above)]
        chosen = np.concatenate([above, at_edge])
    else:
        chosen = np.arange(len(scores))
    chosen = chosen[np.argsort(-scores[chosen])]
    equal = np.diff(scores[chosen]) == 0
    # Only those that share a score are put in order of their numbers: of thousands these are few.
    tied = np.flatnonzero(np.append(equal, False) | np.insert(equal, 0, False))
    chosen[tied] = chosen[tied][np.lexsort((item_nos[chosen[tied]], -scores[chosen[tied]]))]
    return chosen
