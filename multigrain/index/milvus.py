"""Milvus as an IndexStore: a server of 2.3 to 2.6, or Milvus Lite in a .db file. One collection an index."""

import re
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from pymilvus import MilvusClient

from multigrain.errors import InvalidConfig, Missing, NotFound, WrongState
from multigrain.index import milvus_wire as wire
from multigrain.index.milvus_index import MilvusIndex
from multigrain.index.rows import require_name
from multigrain.index.specs import IndexSpec

LITE_CHANNEL = {"grpc.keepalive_time_ms": 2**31 - 1, "grpc.keepalive_permit_without_calls": 0}
"""Milvus Lite takes the client's usual pings for an attack and hangs up on whatever is under way."""


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

    def create(self, name: str, *, dims: int, spec: IndexSpec) -> MilvusIndex:
        require_name(name)
        build = spec.build_params()
        params = MilvusClient.prepare_index_params()
        params.add_index(
            wire.VECTOR,
            index_type=spec.kind,
            metric_type=wire.METRIC,
            # pymilvus lays them flat beside the type; Milvus Lite looks under 'params', and without takes its own.
            params={"params": build} if self._is_lite and build else build,
        )
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

    def open(self, name: str) -> MilvusIndex:
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

    def _index(self, name: str, dims: int, spec: IndexSpec) -> MilvusIndex:
        return MilvusIndex(
            self._client,
            name,
            dims=dims,
            spec=spec,
            place=f"{self._place}, {name}",
            timeout_seconds=self._timeout,
            strong=self._strong,
        )


def _prepare_lite(path: str) -> None:
    if not path.endswith(".db"):
        raise InvalidConfig("milvus.uri", f"is {path!r}", cure="name a file that ends in .db, or http://host:19530")
    if find_spec("milvus_lite") is None:
        raise Missing("Milvus Lite is not installed: pip install 'multigrain[embedded]', or set milvus.uri to a server")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
