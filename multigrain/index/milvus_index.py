"""One index in Milvus: its writes, its searches, and when it is ready.

Searches read at bounded staleness: a strong read waits for the server's next time tick, 50 to 400 ms. After `finish`
every search sees all that was written before it; later writes are seen by searches within the tick. Fencing, counting
and looking up rows are strong.
"""

import time
from collections.abc import Iterator

import numpy as np
from pymilvus.grpc_gen import milvus_pb2

from multigrain.index.hard_filter import expression
from multigrain.index.item_index import ABSENT, Built, Found, HardFilter, IndexRows
from multigrain.index.milvus_build import wait_for_the_build, wait_until_it_serves
from multigrain.index.milvus_collection import MilvusCollection
from multigrain.index.milvus_columns import index_rows, long_column, messages
from multigrain.index.milvus_searches import MilvusSearches
from multigrain.index.milvus_wire import FIELDS, KEY, REVISION
from multigrain.index.rows import gathered, newest, parts, require_vectors, take
from multigrain.index.specs import IndexSpec
from multigrain.types import Float32s, Int64s

FENCE_ROWS = 10_000
"""Keys asked for at once. A strong read costs a time tick, so few of them; a server returns 16,384 at most."""
BUILD_SECONDS = 3_600
"""An index of some million rows takes many minutes; a server that died is noticed by each look at it."""
LOAD_SECONDS = 600


class MilvusIndex:
    """An ItemIndex. Made by MilvusStore."""

    def __init__(self, collection: MilvusCollection, searches: MilvusSearches, *, dims: int, spec: IndexSpec) -> None:
        self._collection = collection
        self._searches = searches
        self._dims = dims
        self._spec = spec

    @property
    def spec(self) -> IndexSpec:
        return self._spec

    def fill(self, rows: IndexRows) -> None:
        require_vectors(rows.vectors, self._dims)
        for partition, batch in messages(rows, self._spec.partitions):
            self._collection.insert(batch, partition)

    def upsert(self, rows: IndexRows) -> int:
        require_vectors(rows.vectors, self._dims)
        written = 0
        for part in parts(newest(rows), FENCE_ROWS):
            for partition, batch in messages(self._not_older(part), self._spec.partitions):
                self._collection.upsert(batch, partition)
                written += len(batch)
        return written

    def delete(self, item_nos: Int64s) -> None:
        for start in range(0, len(item_nos), FENCE_ROWS):
            self._collection.delete(_among(item_nos[start : start + FENCE_ROWS]))

    def search(self, vectors: Float32s, k: int, *, only: HardFilter | None = None, timeout_seconds: float) -> Found:
        require_vectors(vectors, self._dims)
        self._spec.check_k(k)
        demand = expression(only)
        if demand:
            return self._searches.filtered(vectors, k, demand, timeout_seconds)
        return self._searches.nearest(vectors, k, timeout_seconds)

    def rows_of(self, item_nos: Int64s) -> IndexRows:
        pages = [index_rows(milvus_pb2.QueryResults(), self._dims)]
        for start in range(0, len(item_nos), FENCE_ROWS):
            reply = self._collection.query(_among(item_nos[start : start + FENCE_ROWS]), FIELDS)
            pages.append(index_rows(reply, self._dims))
        [rows] = gathered(pages, at_least=len(item_nos) + 1)
        return rows

    def scan(self, rows_at_once: int) -> Iterator[IndexRows]:
        behind, page = ABSENT, min(rows_at_once, FENCE_ROWS)
        while True:
            # As an iterator a server answers in the order of keys; otherwise with whichever rows it meets first.
            reply = self._collection.query(f"{KEY} > {behind}", FIELDS, limit=page, iterator=True)
            rows = index_rows(reply, self._dims)
            if not len(rows):
                return
            yield rows
            behind = rows.item_nos.max()

    def count(self) -> int:
        return self._collection.count()

    def finish(self, built: Built = lambda done, total: None) -> None:
        deadline = time.monotonic() + BUILD_SECONDS
        self._collection.flush(deadline)
        wait_for_the_build(self._collection, built, deadline)
        # Loaded anew, it is served from the index. What was loaded before goes on being compared row by row for some
        # seconds more, exactly and slowly: a canary would judge answers that nobody gets later.
        self._collection.release()
        self._collection.load(deadline)
        wait_until_it_serves(self._collection, deadline)

    def load(self) -> None:
        self._collection.load(time.monotonic() + LOAD_SECONDS)

    def release(self) -> None:
        self._collection.release()

    def drop(self) -> None:
        self._collection.drop()

    def _not_older(self, rows: IndexRows) -> IndexRows:
        """The rows whose revision is at least the stored one. Milvus has no conditional write, so the order is ours."""
        if not len(rows):
            return rows
        reply = self._collection.query(_among(rows.item_nos), [KEY, REVISION])
        item_nos, revisions = long_column(reply, KEY), long_column(reply, REVISION)
        order = np.argsort(item_nos)
        item_nos, revisions = item_nos[order], revisions[order]
        places = np.searchsorted(item_nos, rows.item_nos)
        older = np.zeros(len(rows), np.bool_)
        inside = np.flatnonzero(places < len(item_nos))
        known = inside[item_nos[places[inside]] == rows.item_nos[inside]]
        older[known] = rows.revisions[known] < revisions[places[known]]
        return take(rows, np.flatnonzero(~older))


def _among(item_nos: Int64s) -> str:
    return f"{KEY} in {item_nos.tolist()}"
