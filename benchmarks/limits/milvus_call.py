"""The bare Milvus search: the generated stub with a request that is ready, and the reply left as it came."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from multigrain.index import milvus_wire as wire
from multigrain.index.milvus import MilvusStore
from multigrain.types import Float32s

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class BareSearch:
    """A search of one collection at one depth."""

    store: MilvusStore
    name: str
    k: int
    params: Mapping[str, int]

    def call_with(self, query: Float32s) -> Callable[[], object]:
        """The call for this query [1, dims], its request built already."""
        request = wire.search_request(self.name, query, self.k, self.params, "", strong=False)
        stub = self.store._client._get_connection()._stub
        return lambda: stub.Search(request, timeout=TIMEOUT_SECONDS)


def prepared(store: MilvusStore, name: str, k: int, params: Mapping[str, int]) -> BareSearch:
    return BareSearch(store, name, k, params)
