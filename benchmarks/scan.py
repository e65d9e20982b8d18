"""Searches of an index in this process's memory, on one core: exact, and in 8 bits."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.bench import seconds_of
from benchmarks.vectors import clustered, index_rows, recall
from multigrain.figures import Figure
from multigrain.index.exact import ExactIndex
from multigrain.types import Float32s

FILL_AT_ONCE = 50_000
SEARCHES = 50
JUDGED = 10
INT8_MS = {(1_000_000, 9_600): 12.0}
"""Targets, by items and k."""
INT8_RECALL = 0.98


def measured(vectors: Float32s, depths: Sequence[int], say: Callable[[str], None]) -> list[Figure]:
    """Milliseconds at each depth, and recall where bits were left out."""
    figures: list[Figure] = []
    for bits in (32, 8):
        say(f"scan in memory, {bits} bits")
        figures += _scan(vectors, depths, bits)
    return figures


def _scan(vectors: Float32s, depths: Sequence[int], bits: int) -> list[Figure]:
    dims = vectors.shape[1]
    index = ExactIndex("bench", dims=dims, bits=bits)
    for start in range(0, len(vectors), FILL_AT_ONCE):
        index.fill(index_rows(vectors[start : start + FILL_AT_ONCE], first=start + 1))
    queries = clustered(SEARCHES, dims, seed=9)
    figures = []
    with _one_core():
        for k in depths:
            index.search(queries[:1], k, timeout_seconds=60)
            took = [
                seconds_of(partial(index.search, query[None], k, timeout_seconds=60), repeats=1, warmups=0)[0] * 1e3
                for query in queries
            ]
            target = INT8_MS.get((len(vectors), k)) if bits == 8 else None
            figures.append(Figure.of(f"scan of {bits} bits, one core, k = {k:,}", took, "ms", target=target))
    for k in depths:
        found = index.search(queries[:JUDGED], k, timeout_seconds=60)
        shares = recall(vectors, queries[:JUDGED], found.item_nos)
        name = f"recall of {bits} bits, k = {k:,}"
        figures.append(Figure.of(name, shares, "", target=INT8_RECALL, at_most=False))
    return figures


@contextmanager
def _one_core() -> Iterator[None]:
    """This process on one core, its libraries' threads as well, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    _confine({max(before)})
    try:
        yield
    finally:
        _confine(before)


def _confine(cores: set[int]) -> None:
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)
