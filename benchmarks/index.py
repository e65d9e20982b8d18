"""`multigrain bench index`: our search path, against the bare Milvus call and against pymilvus's own rows."""

import time
import uuid
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from pymilvus import MilvusClient

from benchmarks.bench import Bench, Size, seconds_of
from benchmarks.limits import milvus_call
from benchmarks.stores import throwaway_milvus
from benchmarks.vectors import clustered, index_rows
from multigrain.figures import Figure
from multigrain.index.item_index import ItemIndex
from multigrain.index.milvus import MilvusStore
from multigrain.index.planner import plan
from multigrain.settings import Settings

DIMS = 128
WRITE_AT_ONCE = 5_000
SHAPES = {Size.SMALL: 20_000, Size.ONE_MILLION: 1_000_000}
DEPTHS = {Size.SMALL: (100, 1_000), Size.ONE_MILLION: (100, 1_000, 9_600)}
OVERHEAD = 1.05
SEARCHES = 30


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    count, depths = SHAPES[size], DEPTHS[size]
    with throwaway_milvus(settings) as store:
        place, lite = store.describe(), not settings.milvus.uri or "://" not in settings.milvus.uri
        chosen = plan(count, DIMS, max(depths), lite=lite)
        name = f"bench_{uuid.uuid4().hex[:8]}"
        index = store.create(name, dims=DIMS, spec=chosen.spec)
        try:
            figures = [_write(index, count, say, place.split(" in ")[0], chosen.spec.kind)]
            for k in depths:
                say(f"searches at k = {k:,}")
                figures += _search(store, index, name, k, chosen.spec.search_params(k))
        finally:
            index.drop()
    return figures


def _write(index: ItemIndex, count: int, say: Callable[[str], None], place: str, kind: str) -> Figure:
    started = time.perf_counter()
    for start in range(0, count, WRITE_AT_ONCE):
        say(f"writing {start:,} of {count:,}")
        rows = min(WRITE_AT_ONCE, count - start)
        index.upsert(index_rows(clustered(rows, DIMS, seed=start), first=start + 1))
    index.finish()
    rate = count / (time.perf_counter() - started)
    return Figure(name=f"upsert {count:,} x {DIMS} and build {kind}, {place}", value=rate, unit="rows/s")


def _search(store: MilvusStore, index: ItemIndex, name: str, k: int, params: dict[str, int]) -> list[Figure]:
    """Ours, the bare call and pymilvus's rows, in turns, so that a slow moment of the machine meets all three."""
    queries = iter(clustered(100_000, DIMS, seed=9))
    bare = milvus_call.prepared(store, name, k, params)
    client: MilvusClient = store._client
    took: dict[str, list[float]] = {"ours": [], "bare": [], "rows": []}
    for _ in range(SEARCHES):
        query = next(queries)[None, :]
        took["bare"] += seconds_of(bare.call_with(query), repeats=1, warmups=0)
        took["ours"] += seconds_of(partial(index.search, query, k, timeout_seconds=60), repeats=1, warmups=0)
        rows = partial(client.search, name, data=list(query), limit=k, output_fields=["item_no"])
        took["rows"] += seconds_of(rows, repeats=1, warmups=0)
    limit = float(np.median(took["bare"])) * 1e3
    return [
        Figure.of(
            f"our search, k = {k:,}",
            [s * 1e3 for s in took["ours"]],
            "ms",
            target=limit * OVERHEAD,
            limit=limit,
            limit_name="bare call",
        ),
        Figure.of(
            f"pymilvus rows, k = {k:,}", [s * 1e3 for s in took["rows"]], "ms", limit=limit, limit_name="bare call"
        ),
    ]


BENCH = Bench(name="index", summary="Milvus: our path, the bare call, pymilvus's rows", sizes=tuple(SHAPES), run=_run)
