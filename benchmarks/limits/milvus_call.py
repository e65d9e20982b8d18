"""The bare Milvus search: the generated stub with a request that is ready, and the reply left as it came."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from pymilvus import MilvusClient
from pymilvus.grpc_gen.milvus_pb2 import SearchRequest

from multigrain.index.milvus import MilvusStore
from multigrain.index.milvus_collection import MilvusCollection
from multigrain.index.milvus_index import MilvusIndex
from multigrain.index.milvus_search import search_request
from multigrain.index.milvus_searches import MilvusSearches
from multigrain.index.specs import IndexSpec, Params
from multigrain.types import Float32s

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class BareSearch:
    """A search of one collection at one depth."""

    store: MilvusStore
    name: str
    k: int
    params: Params

    def call_with(self, query: Float32s) -> Callable[[], object]:
        """The call for this query [1, dims], its request built already."""
        request = search_request(self.name, query, self.k, self.params, "", strong=False)
        stub = self.store._client._get_connection()._stub
        return lambda: stub.Search(request, timeout=TIMEOUT_SECONDS)


def prepared(store: MilvusStore, name: str, k: int, params: Params) -> BareSearch:
    return BareSearch(store, name, k, params)


class Stopwatch:
    """A client that times the searches that go through it: what is left of a search of ours is what we add to it."""

    def __init__(self, client: MilvusClient) -> None:
        self._client = client
        self.seconds = 0.0
        """Of the last call."""

    def _get_connection(self) -> "Stopwatch":
        return self

    @property
    def _stub(self) -> "Stopwatch":
        return self

    def Search(self, request: SearchRequest, timeout: float) -> object:  # noqa: N802  # as the stub calls it
        started = time.perf_counter()
        reply: object = self._client._get_connection()._stub.Search(request, timeout=timeout)
        self.seconds = time.perf_counter() - started
        return reply


def watched(store: MilvusStore, name: str, dims: int, spec: IndexSpec) -> tuple[MilvusIndex, Stopwatch]:
    """The index of this name, as the store would open it, with a stopwatch at its calls."""
    stopwatch = Stopwatch(store._client)
    collection = MilvusCollection(stopwatch, name, place=name, timeout_seconds=TIMEOUT_SECONDS)
    searches = MilvusSearches(collection, spec=spec, capabilities=store.capabilities, strong=False)
    return MilvusIndex(collection, searches, dims=dims, spec=spec), stopwatch
