"""One index in Milvus: its writes, its searches, and when it is ready.

Searches read at bounded staleness: a strong read waits for the server's next time tick, 50 to 400 ms. After `finish`
every search sees all that was written before it; later writes are seen by searches within the tick. Fencing, counting
and looking up vectors are strong.
"""

import time
from typing import Any

import numpy as np
from pymilvus import MilvusClient

from multigrain.errors import IndexUnavailable
from multigrain.index import milvus_wire as wire
from multigrain.index.hard_filter import expression
from multigrain.index.item_index import Found, HardFilter, IndexRows
from multigrain.index.rows import newest, parts, require_vectors, take
from multigrain.index.specs import IndexSpec
from multigrain.types import Float32s, Int64s

WRITE_ROWS = 1_000
"""A message. Larger ones are hardly faster, and meet the server's limit of 64 MB."""
FENCE_ROWS = 10_000
"""Keys asked for at once. A strong read costs a time tick, so few of them; a server returns 16,384 at most."""
BUILD_SECONDS = 3_600
"""An index of some million rows takes many minutes; a server that died is noticed by each look at it."""
BUILD_POLL_SECONDS = 0.2
IN_MEMORY_ROWS = 1_000
"""So few are compared one by one, so they cost no recall."""
IN_MEMORY_PART = 0.01
"""Of all rows: what the stream may have written meanwhile."""


class MilvusIndex:
    """An ItemIndex. Made by MilvusStore."""

    def __init__(
        self,
        client: MilvusClient,
        name: str,
        *,
        dims: int,
        spec: IndexSpec,
        place: str,
        timeout_seconds: float,
        strong: bool,
    ) -> None:
        self._client = client
        self._name = name
        self._dims = dims
        self._spec = spec
        self._place = place
        self._timeout = timeout_seconds
        self._strong = strong

    @property
    def spec(self) -> IndexSpec:
        return self._spec

    def upsert(self, rows: IndexRows) -> int:
        require_vectors(rows.vectors, self._dims)
        written = 0
        with wire.milvus_errors(self._place):
            for part in parts(newest(rows), FENCE_ROWS):
                fresh = self._not_older(part)
                for batch in parts(fresh, WRITE_ROWS):
                    self._client.upsert(self._name, wire.entities(batch), timeout=self._timeout)
                    written += len(batch)
        return written

    def delete(self, item_nos: Int64s) -> None:
        with wire.milvus_errors(self._place):
            for start in range(0, len(item_nos), FENCE_ROWS):
                ids = item_nos[start : start + FENCE_ROWS].tolist()
                self._client.delete(self._name, ids=ids, timeout=self._timeout)

    def search(self, vectors: Float32s, k: int, *, only: HardFilter | None = None, timeout_seconds: float) -> Found:
        require_vectors(vectors, self._dims)
        if timeout_seconds <= 0:
            raise IndexUnavailable(f"{self._place}: no time left for a search: give the request a later deadline")
        demand = expression(only)
        params = self._spec.filtered_search_params(k) if demand else self._spec.search_params(k)
        request = wire.search_request(self._name, vectors, k, params, demand, strong=self._strong)
        with wire.milvus_errors(self._place):
            # The client's stub, asked for at every search: pymilvus replaces it when it reconnects.
            reply = self._client._get_connection()._stub.Search(request, timeout=timeout_seconds)
            wire.require_success(reply.status)
        return wire.found(reply, len(vectors), k)

    def vectors_of(self, item_nos: Int64s) -> dict[int, Float32s]:
        found = self._rows_of(item_nos, wire.VECTOR)
        return {int(row[wire.KEY]): np.array(row[wire.VECTOR], np.float32) for row in found}

    def count(self) -> int:
        return self._count()

    def finish(self) -> None:
        deadline = time.monotonic() + BUILD_SECONDS
        with wire.milvus_errors(self._place):
            self._client.flush(self._name, timeout=self._timeout)
            self._wait_for_the_build(deadline)
        self.load()
        self._wait_until_it_serves(deadline)

    def load(self) -> None:
        with wire.milvus_errors(self._place):
            self._client.load_collection(self._name, timeout=self._timeout)

    def drop(self) -> None:
        with wire.milvus_errors(self._place):
            self._client.drop_collection(self._name, timeout=self._timeout)

    def _not_older(self, rows: IndexRows) -> IndexRows:
        """The rows whose revision is at least the stored one. Milvus has no conditional write, so the order is ours."""
        stored = {int(row[wire.KEY]): int(row[wire.REVISION]) for row in self._rows_of(rows.item_nos, wire.REVISION)}
        lowest = np.iinfo(np.int64).min
        held = np.array([stored.get(item_no, lowest) for item_no in rows.item_nos.tolist()], np.int64)
        return take(rows, np.flatnonzero(rows.revisions >= held))

    def _rows_of(self, item_nos: Int64s, field: str) -> list[dict[str, Any]]:  # Any: a value of that field
        rows: list[dict[str, Any]] = []  # Any: as above
        with wire.milvus_errors(self._place):
            for start in range(0, len(item_nos), FENCE_ROWS):
                rows += self._client.query(
                    self._name,
                    filter=f"{wire.KEY} in {item_nos[start : start + FENCE_ROWS].tolist()}",
                    output_fields=[wire.KEY, field],
                    consistency_level="Strong",
                    timeout=self._timeout,
                )
        return rows

    def _count(self, *, ignore_growing: bool = False) -> int:
        with wire.milvus_errors(self._place):
            reply = self._client.query(
                self._name,
                filter="",
                output_fields=["count(*)"],
                consistency_level="Strong",
                ignore_growing=ignore_growing,
                timeout=self._timeout,
            )
        return int(reply[0]["count(*)"])

    def _wait_until_it_serves(self, deadline: float) -> None:
        """Until searches go to the index that was built. For seconds after the build a server still answers from what
        it holds of the writes in memory, by a rough index of its own: of 10,000 nearest it then found half.

        The strong counts do a second thing: they return when the server has caught up with every write, so from here
        bounded searches see them all.
        """
        while True:
            total = self._count()
            in_memory = total - self._count(ignore_growing=True)
            if in_memory <= max(IN_MEMORY_ROWS, IN_MEMORY_PART * total):
                return
            if time.monotonic() > deadline:
                raise IndexUnavailable(
                    f"{self._place}: {in_memory:,} of {total:,} rows are not served from the index: look at its log"
                )
            time.sleep(BUILD_POLL_SECONDS)

    def _wait_for_the_build(self, deadline: float) -> None:
        while True:
            state = self._client.describe_index(self._name, wire.VECTOR, timeout=self._timeout)
            if state["state"] == "Failed":
                raise IndexUnavailable(f"{self._place}: the build failed: {state.get('index_state_fail_reason')}")
            if state["state"] == "Finished" and state["pending_index_rows"] == 0:
                return
            if time.monotonic() > deadline:
                built = f"{state['indexed_rows']:,} of {state['total_rows']:,} rows"
                raise IndexUnavailable(f"{self._place}: {built} built in an hour: look at the server's log")
            time.sleep(BUILD_POLL_SECONDS)
