"""Indexes in Milvus: a server of 2.3 to 2.6, or Milvus Lite in a .db file. One collection an index.

Searches read at bounded staleness: a strong read waits for the server's next time tick, 50 to 400 ms. After `finish`
every search sees all that was written before it; later writes are seen by searches within the tick. Fencing, counting
and looking up vectors are strong.
"""

import re
import time
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from pymilvus import MilvusClient

from multigrain.errors import IndexUnavailable, InvalidConfig, Missing, NotFound, WrongState
from multigrain.index import milvus_wire as wire
from multigrain.index.hard_filter import expression
from multigrain.index.item_index import Found, HardFilter, IndexRows
from multigrain.index.rows import newest, parts, require_name, require_vectors, take
from multigrain.index.specs import IndexSpec
from multigrain.types import Float32s, Int64s

WRITE_ROWS = 1_000
"""A message. Larger ones are hardly faster, and meet the server's limit of 64 MB."""
FENCE_ROWS = 10_000
"""Keys asked for at once. A strong read costs a time tick, so few of them; a server returns 16,384 at most."""
LITE_CHANNEL = {"grpc.keepalive_time_ms": 2**31 - 1, "grpc.keepalive_permit_without_calls": 0}
"""Milvus Lite takes the client's usual pings for an attack and hangs up on whatever is under way."""
BUILD_SECONDS = 3_600
"""An index of some million rows takes many minutes; a server that died is noticed by each look at it."""
BUILD_POLL_SECONDS = 0.2


class MilvusStore:
    """An IndexStore. Keeps one client for all its indexes; connects when it is made.

    `strong`: searches, too, see every write that was acknowledged before them. For checks, not for serving.
    """

    def __init__(
        self, uri: str, token: str | None = None, timeout_seconds: float = 30.0, *, strong: bool = False
    ) -> None:
        self._uri = uri
        self._is_lite = "://" not in uri
        self._timeout = timeout_seconds
        self._strong = strong
        if self._is_lite:
            _prepare_lite(uri)
        with wire.milvus_errors(self._place):
            self._client = MilvusClient(
                uri, token=token or "", timeout=timeout_seconds, grpc_options=LITE_CHANNEL if self._is_lite else {}
            )

    def create(self, name: str, *, dims: int, spec: IndexSpec) -> "MilvusIndex":
        require_name(name)
        params = MilvusClient.prepare_index_params()
        params.add_index(wire.VECTOR, index_type=spec.kind, metric_type=wire.METRIC, params=spec.build_params())
        with wire.milvus_errors(self._place):
            if self._client.has_collection(name, timeout=self._timeout):
                raise WrongState(f"{self._place}: collection {name} exists: choose another name, or drop it first")
            schema = wire.schema(dims, spec)
            self._client.create_collection(
                name,
                schema=schema,
                consistency_level="Bounded",
                properties={wire.SPEC_PROPERTY: schema.description},
                timeout=self._timeout,
            )
            try:
                # Not waited for: it is empty, and waiting asks Milvus Lite for what it has not.
                self._client.create_index(name, params, sync=False, timeout=self._timeout)
                self._client.load_collection(name, timeout=self._timeout)
            except Exception:
                # Parameters that this server refuses: half an index would hold the name.
                self._client.drop_collection(name, timeout=self._timeout)
                raise
        return self._index(name, dims, spec)

    def open(self, name: str) -> "MilvusIndex":
        with wire.milvus_errors(self._place):
            if not self._client.has_collection(name, timeout=self._timeout):
                there = ", ".join(self.names()) or "none"
                raise NotFound(f"{self._place}: no collection {name}: there are {there}")
            dims, spec = wire.read_schema(self._client.describe_collection(name, timeout=self._timeout))
        return self._index(name, dims, spec)

    def names(self) -> Sequence[str]:
        with wire.milvus_errors(self._place):
            return sorted(self._client.list_collections(timeout=self._timeout))

    def describe(self) -> str:
        if self._is_lite:
            return f"Milvus Lite {version('milvus-lite')} in {self._uri}"
        with wire.milvus_errors(self._place):
            said = self._client.get_server_version(timeout=self._timeout)
        numbers = re.search(r"\d+(\.\d+)+", said)
        return f"Milvus {numbers.group() if numbers else said} at {self._uri.split('://')[1]}"

    def close(self) -> None:
        """Lets the connection go. A Milvus Lite file stays open until the process ends."""
        self._client.close()

    @property
    def _place(self) -> str:
        return f"Milvus Lite in {self._uri}" if self._is_lite else f"Milvus at {self._uri}"

    def _index(self, name: str, dims: int, spec: IndexSpec) -> "MilvusIndex":
        return MilvusIndex(
            self._client,
            name,
            dims=dims,
            spec=spec,
            place=f"{self._place}, {name}",
            timeout_seconds=self._timeout,
            strong=self._strong,
        )


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
        params = self._spec.search_params(k)
        request = wire.search_request(self._name, vectors, k, params, expression(only), strong=self._strong)
        with wire.milvus_errors(self._place):
            # The client's stub, asked for at every search: pymilvus replaces it when it reconnects.
            reply = self._client._get_connection()._stub.Search(request, timeout=timeout_seconds)
            wire.require_success(reply.status)
        return wire.found(reply, len(vectors), k)

    def vectors_of(self, item_nos: Int64s) -> dict[int, Float32s]:
        found = self._rows_of(item_nos, wire.VECTOR)
        return {int(row[wire.KEY]): np.array(row[wire.VECTOR], np.float32) for row in found}

    def count(self) -> int:
        with wire.milvus_errors(self._place):
            reply = self._client.query(
                self._name,
                filter="",
                output_fields=["count(*)"],
                consistency_level="Strong",
                timeout=self._timeout,
            )
        return int(reply[0]["count(*)"])

    def finish(self) -> None:
        with wire.milvus_errors(self._place):
            self._client.flush(self._name, timeout=self._timeout)
            self._wait_for_the_build()
        self.load()
        # A strong read returns when the server has caught up with every write: from here bounded searches see them.
        self.count()

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

    def _wait_for_the_build(self) -> None:
        deadline = time.monotonic() + BUILD_SECONDS
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


def _prepare_lite(path: str) -> None:
    if not path.endswith(".db"):
        raise InvalidConfig("milvus.uri", f"is {path!r}", cure="name a file that ends in .db, or http://host:19530")
    if find_spec("milvus_lite") is None:
        raise Missing("Milvus Lite is not installed: pip install 'multigrain[embedded]', or set milvus.uri to a server")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
