"""`multigrain bench index`: an index in Milvus and one in our own memory, filled, built and searched.

Our search is held against the call inside it and shown beside the bare call and pymilvus's rows; ours and the bare one
take turns at going first, so that neither always finds the server's caches warm.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from benchmarks import scan
from benchmarks.bench import Bench, Size, seconds_of
from benchmarks.limits import milvus_call, milvus_rows
from benchmarks.stores import throwaway_milvus
from benchmarks.vectors import clustered, index_rows, recall
from multigrain.figures import Figure
from multigrain.index.item_index import ItemIndex
from multigrain.index.milvus import MilvusStore
from multigrain.index.planner import plan
from multigrain.index.specs import Flat, IndexSpec, IvfFlat
from multigrain.settings import Settings
from multigrain.types import Float32s

DIMS = 128
FILL_AT_ONCE = 10_000
SHAPES = {Size.SMALL: 20_000, Size.ONE_MILLION: 1_000_000}
KINDS = {Size.SMALL: Flat.kind, Size.ONE_MILLION: IvfFlat.kind}
DEPTHS = {Size.SMALL: (100, 1_000), Size.ONE_MILLION: (100, 1_000, 9_600)}
SEARCHES = {Size.SMALL: 40, Size.ONE_MILLION: 200}
JUDGED = 10
"""Queries that recall is measured on."""
OVERHEAD = 1.05
FILL_ROWS_PER_SECOND = 15_000.0
"""Of a server."""


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    vectors = clustered(SHAPES[size], DIMS, seed=1)
    figures: list[Figure] = []
    with throwaway_milvus(settings) as store:
        spec = plan(len(vectors), DIMS, max(DEPTHS[size]), lite=store.capabilities.lite, kind=KINDS[size]).spec
        name = f"bench_{uuid.uuid4().hex[:8]}"
        index = store.create(name, dims=DIMS, spec=spec)
        try:
            figures += _build(store, index, name, vectors, spec, say)
            for k in DEPTHS[size]:
                say(f"searches at k = {k:,}")
                figures += _search(store, name, spec, k, SEARCHES[size])
                figures.append(_recall(index, vectors, spec, k))
        finally:
            index.drop()
    return [*figures, *scan.measured(vectors, DEPTHS[size], say)]


def _build(
    store: MilvusStore, index: ItemIndex, name: str, vectors: Float32s, spec: IndexSpec, say: Callable[[str], None]
) -> list[Figure]:
    """As a builder does it: released, so that what is written is not served while it is written."""
    place = store.describe().split(" in ")[0].split(" at ")[0]
    index.release()
    filling = 0.0
    for start in range(0, len(vectors), FILL_AT_ONCE):
        say(f"filled {start:,} of {len(vectors):,}")
        rows = index_rows(vectors[start : start + FILL_AT_ONCE], first=start + 1)
        filling += _seconds(partial(index.fill, rows))[0]
    say("pymilvus's rows")
    beside = milvus_rows.insert_rows_per_second(store, f"{name}_rows", index_rows(vectors[:FILL_AT_ONCE]), spec)
    started = time.perf_counter()
    index.finish(lambda done, total: say(f"built {done:,} of {total:,}"))
    building = time.perf_counter() - started
    size = f"{len(vectors):,} x {DIMS}"
    return [
        Figure(
            name=f"fill {size}, {place}",
            value=len(vectors) / filling,
            unit="rows/s",
            target=None if store.capabilities.lite else FILL_ROWS_PER_SECOND,
            at_most=False,
            limit=beside,
            limit_name="pymilvus rows",
        ),
        Figure(name=f"flush, build {spec.kind} and load", value=building, unit="s"),
    ]


def _search(store: MilvusStore, name: str, spec: IndexSpec, k: int, searches: int) -> list[Figure]:
    """Ours is held against the call inside it: on a busy machine two calls differ by more than we add to one."""
    queries = clustered(searches, DIMS, seed=9)
    bare = milvus_call.prepared(store, name, k, spec.search_params(k))
    index, stopwatch = milvus_call.watched(store, name, DIMS, spec)
    ours: list[float] = []
    inside: list[float] = []
    alone: list[float] = []
    rows: list[float] = []
    index.search(queries[:1], k, timeout_seconds=60)
    for number, query in enumerate(queries):
        if number % 2:
            alone += _seconds(bare.call_with(query[None]))
        ours += _seconds(partial(index.search, query[None], k, timeout_seconds=60))
        inside.append(stopwatch.seconds)
        if not number % 2:
            alone += _seconds(bare.call_with(query[None]))
        if number < JUDGED:
            rows += _seconds(milvus_rows.search(store, name, query, k, spec.search_params(k)))
    limit = float(np.median(alone)) * 1e3
    beside = {"limit": limit, "limit_name": "bare call"}
    added = [whole / call for whole, call in zip(ours, inside, strict=True)]
    return [
        Figure.of(f"our search, k = {k:,}", [s * 1e3 for s in ours], "ms", **beside),
        Figure.of(f"our search / the call inside it, k = {k:,}", added, "", target=OVERHEAD),
        Figure.of(f"pymilvus rows, k = {k:,}", [s * 1e3 for s in rows], "ms", **beside),
    ]


def _seconds(call: Callable[[], object]) -> list[float]:
    return seconds_of(call, repeats=1, warmups=0)


def _recall(index: ItemIndex, vectors: Float32s, spec: IndexSpec, k: int) -> Figure:
    queries = clustered(JUDGED, DIMS, seed=9)
    found = index.search(queries, k, timeout_seconds=60)
    return Figure.of(f"recall of {spec.kind}, k = {k:,}", recall(vectors, queries, found.item_nos), "")


BENCH = Bench(
    name="index", summary="Milvus: filling, searches, the bare call; scans in memory", sizes=tuple(SHAPES), run=_run
)
