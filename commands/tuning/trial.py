"""Settings of one index, tried on the same queries: what each finds of the exact nearest, and how long it takes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from multigrain.index.item_index import IndexRows, ItemIndex
from multigrain.index.specs import IndexSpec
from multigrain.types import Float32s, Int64s
from trainer.evaluation.topk import exact_top_k

TIE = 1e-4
"""In lengths of the two vectors: scores this near are equal, and either item will do."""
QUERIES_AT_ONCE = 8
"""So that an answer of 10,000 to each stays far below what a message may hold."""
SEARCH_SECONDS = 60.0

Opened = Callable[[IndexSpec], ItemIndex]
"""The index, searched as a spec says."""


@dataclass(frozen=True, slots=True)
class Took:
    """How long single searches took."""

    median_ms: float
    p95_ms: float


class Trial:
    """Queries and what exact search finds for them."""

    def __init__(self, queries: Float32s, rows: Iterable[IndexRows], k: int, opened: Opened) -> None:
        """`rows`: everything that the index holds. Reads it all into memory, and searches it exactly once."""
        batches = [(batch.item_nos, batch.vectors) for batch in rows]
        item_nos = np.concatenate([numbers for numbers, _ in batches])
        # The vectors stay as they came: sorted, they would be there a third time.
        self._vectors: Float32s = np.concatenate([vectors for _, vectors in batches])
        self._row_of: Int64s = np.argsort(item_nos)
        self._item_nos: Int64s = item_nos[self._row_of]
        self._queries = queries
        self._k = min(k, len(item_nos))
        last = exact_top_k(queries, self._vectors, self._k)[:, -1]
        lengths = np.linalg.norm(queries, axis=1) * np.linalg.norm(self._vectors[last], axis=1)
        self._edges = (queries * self._vectors[last]).sum(axis=1) - TIE * lengths
        self._opened = cache(opened)

    def recall_of(self, spec: IndexSpec) -> float:
        """Mean share of the exact k nearest that the index finds."""
        index, shares = self._opened(spec), []
        for start in range(0, len(self._queries), QUERIES_AT_ONCE):
            part = self._queries[start : start + QUERIES_AT_ONCE]
            answers = index.search(part, self._k, timeout_seconds=SEARCH_SECONDS).item_nos
            shares += [self._share(start + row, answer) for row, answer in enumerate(answers)]
        return float(np.mean(shares))

    def in_turns(
        self, specs: Sequence[IndexSpec], queries: int, clock: Callable[[], float], done: Callable[[int], None]
    ) -> dict[IndexSpec, Took]:
        """Single searches of the first `queries`, each setting in its turn: a slow moment of the machine meets all."""
        seconds: dict[IndexSpec, list[float]] = {spec: [] for spec in specs}
        for row in range(min(queries, len(self._queries))):
            for spec in specs:
                started = clock()
                self._opened(spec).search(self._queries[row : row + 1], self._k, timeout_seconds=SEARCH_SECONDS)
                seconds[spec].append(clock() - started)
            done(row + 1)
        return {
            spec: Took(1e3 * float(np.median(took)), 1e3 * float(np.quantile(took, 0.95)))
            for spec, took in seconds.items()
        }

    def _share(self, query: int, answer: Int64s) -> float:
        # Each item once: an index that repeats one has not found k. Numbers it should not hold are no hit.
        found = np.intersect1d(answer, self._item_nos)
        rows = self._row_of[np.searchsorted(self._item_nos, found)]
        true = self._vectors[rows] @ self._queries[query]
        return min(1.0, float(np.count_nonzero(true >= self._edges[query])) / self._k)
