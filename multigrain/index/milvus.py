"""Milvus as an IndexStore: a server of 2.3 to 3.x, or Milvus Lite in a .db file. One collection an index."""

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from pymilvus import MilvusClient

from multigrain.errors import InvalidConfig, Missing, NotFound, WrongState
from multigrain.index import milvus_wire as wire
from multigrain.index.milvus_capabilities import Capabilities, lite_capabilities, say_once, server_capabilities
from multigrain.index.milvus_collection import MilvusCollection
from multigrain.index.milvus_columns import partition_name
from multigrain.index.milvus_index import MilvusIndex
from multigrain.index.milvus_searches import MilvusSearches
from multigrain.index.rows import require_name
from multigrain.index.specs import IndexSpec, same_build

SERVER_CHANNEL = {"grpc.max_reconnect_backoff_ms": 2_000}
"""A server that was away for an hour is found again within seconds; gRPC's own way is to look every two minutes."""
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
                uri,
                token=token or "",
                timeout=timeout_seconds,
                grpc_options=LITE_CHANNEL if self._is_lite else SERVER_CHANNEL,
            )
            self.capabilities = self._capabilities()
        say_once(self._place, self.capabilities)

    def create(self, name: str, *, dims: int, spec: IndexSpec) -> MilvusIndex:
        require_name(name)
        spec.check_dims(dims)
        build = spec.build_params()
        params = MilvusClient.prepare_index_params()
        params.add_index(
            wire.VECTOR,
            index_type=spec.milvus_kind,
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
                if spec.partitions > 1:
                    for number in range(spec.partitions):
                        self._client.create_partition(name, partition_name(number), timeout=self._timeout)
                # Not waited for: it is empty, and waiting asks Milvus Lite for what it has not.
                self._client.create_index(name, params, sync=False, timeout=self._timeout)
                self._client.load_collection(name, timeout=self._timeout)
            except Exception:
                # Parameters that this server refuses: half an index would hold the name.
                self._client.drop_collection(name, timeout=self._timeout)
                raise
        return self._index(name, dims, spec)

    def open(self, name: str, *, spec: IndexSpec | None = None) -> MilvusIndex:
        with wire.milvus_errors(self._place):
            if not self._client.has_collection(name, timeout=self._timeout):
                there = ", ".join(self.names()) or "none"
                raise NotFound(f"{self._place}: no collection {name}: there are {there}")
            dims, made_with = wire.read_schema(self._client.describe_collection(name, timeout=self._timeout))
        if spec is not None and not same_build(spec, made_with):
            raise WrongState(f"{self._place}: collection {name} is {made_with}, not {spec}: build it again")
        return self._index(name, dims, spec or made_with)

    def names(self) -> Sequence[str]:
        with wire.milvus_errors(self._place):
            return sorted(self._client.list_collections(timeout=self._timeout))

    def describe(self) -> str:
        named = ".".join(str(number) for number in self.capabilities.version)
        if self._is_lite:
            return f"Milvus Lite {named} in {self._uri}"
        return f"Milvus {named} at {self._uri.split('://')[1]}"

    def close(self) -> None:
        """Lets the connection go. A Milvus Lite file stays open until the process ends."""
        self._client.close()

    @property
    def _place(self) -> str:
        return f"Milvus Lite in {self._uri}" if self._is_lite else f"Milvus at {self._uri}"

    def _capabilities(self) -> Capabilities:
        if self._is_lite:
            return lite_capabilities(version("milvus-lite"))
        return server_capabilities(self._client.get_server_version(timeout=self._timeout))

    def _index(self, name: str, dims: int, spec: IndexSpec) -> MilvusIndex:
        collection = MilvusCollection(self._client, name, place=f"{self._place}, {name}", timeout_seconds=self._timeout)
        searches = MilvusSearches(collection, spec=spec, capabilities=self.capabilities, strong=self._strong)
        return MilvusIndex(collection, searches, dims=dims, spec=spec)


def _prepare_lite(path: str) -> None:
    if not path.endswith(".db"):
        raise InvalidConfig("milvus.uri", f"is {path!r}", cure="name a file that ends in .db, or http://host:19530")
    if find_spec("milvus_lite") is None:
        raise Missing("Milvus Lite is not installed: pip install 'multigrain[embedded]', or set milvus.uri to a server")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
