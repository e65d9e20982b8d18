"""How a search of one index is asked: of each partition by itself, and again another way where a filter lost rows.

A graph is walked from neighbour to neighbour. Where a filter hides most of a region the walk ends early, and a search
comes back short or, for one query in a hundred, empty, however widely it looks. It is noticed and asked again.
"""

import time
from collections.abc import Sequence

from pymilvus.grpc_gen.milvus_pb2 import SearchRequest

from multigrain.errors import IndexUnavailable
from multigrain.index.item_index import ABSENT, Found
from multigrain.index.milvus_capabilities import Capabilities
from multigrain.index.milvus_collection import MilvusCollection
from multigrain.index.milvus_columns import partition_name
from multigrain.index.milvus_search import found, is_short, may_hold_more, merged, search_request
from multigrain.index.milvus_wire import KEY
from multigrain.index.specs import IndexSpec, Params
from multigrain.types import Float32s

WALKED = ("HNSW", "AUTOINDEX", "DISKANN", "CAGRA")
"""Kinds that are graphs, by a word of their names."""
SLICES = 16
"""A server compares one by one, and so misses nothing, once a filter hides 93 of 100 rows: of any sixteenth it does."""


class MilvusSearches:
    """The searches of one collection. `strong`: they see every write that was acknowledged before them."""

    def __init__(
        self, collection: MilvusCollection, *, spec: IndexSpec, capabilities: Capabilities, strong: bool
    ) -> None:
        self._collection = collection
        self._spec = spec
        self._capabilities = capabilities
        self._strong = strong
        self._partitions = (
            [""] if spec.partitions == 1 else [partition_name(number) for number in range(spec.partitions)]
        )

    def nearest(self, vectors: Float32s, k: int, timeout_seconds: float, demand: str = "") -> Found:
        """The k nearest of all partitions: each is asked for its share, and once more, for as many as it may give, if
        its whole share is among the k: then it may hold more of them."""
        deadline = time.monotonic() + timeout_seconds
        share = self._spec.part_k(k)
        answers = self._asked(vectors, share, demand, self._partitions, timeout_seconds)
        if len(answers) == 1:
            return answers[0]
        best = merged(answers, k)
        most = min(k, self._spec.max_k)
        rich = [number for number, answer in enumerate(answers) if share < most and may_hold_more(answer, best)]
        if not rich:
            return best
        again = self._asked(
            vectors, most, demand, [self._partitions[number] for number in rich], deadline - time.monotonic()
        )
        others = [answer for number, answer in enumerate(answers) if number not in rich]
        return merged([*others, *again], k)

    def filtered(self, vectors: Float32s, k: int, demand: str, timeout_seconds: float) -> Found:
        """The k nearest of those that the expression takes; fewer only if it takes fewer, or time ran out."""
        deadline = time.monotonic() + timeout_seconds
        answer = self.nearest(vectors, k, timeout_seconds, demand)
        if not is_short(answer) or not any(word in self._spec.kind for word in WALKED):
            return answer
        try:
            return self._exhaustive(vectors, k, demand, answer, deadline)
        except IndexUnavailable:
            # What the first search found is an answer, if a short one.
            return answer

    def _exhaustive(self, vectors: Float32s, k: int, demand: str, answer: Found, deadline: float) -> Found:
        fewest = int((answer.item_nos != ABSENT).sum(axis=1).min())
        if self._collection.count_served(demand, deadline - time.monotonic()) <= fewest:
            return answer
        most = min(k, self._spec.max_k)
        if self._capabilities.lite:
            requests = [self._request(vectors, most, demand, params=self._everywhere(deadline))]
        else:
            slices = [f"({demand}) and {KEY} % {SLICES} == {number}" for number in range(SLICES)]
            requests = [self._request(vectors, most, part) for part in slices]
        replies = self._collection.searched(requests, deadline - time.monotonic())
        return merged([found(reply, len(vectors), most) for reply in replies], k)

    def _everywhere(self, deadline: float) -> dict[str, int]:
        """For Milvus Lite, which has no remainders and walks under every filter, but as widely as it is told."""
        return {"ef": max(1, self._collection.count_served("", deadline - time.monotonic()))}

    def _asked(
        self, vectors: Float32s, k: int, demand: str, partitions: Sequence[str], timeout_seconds: float
    ) -> list[Found]:
        requests = [self._request(vectors, k, demand, partition) for partition in partitions]
        replies = self._collection.searched(requests, timeout_seconds)
        return [found(reply, len(vectors), k) for reply in replies]

    def _request(
        self,
        vectors: Float32s,
        k: int,
        demand: str,
        partition: str = "",
        params: Params | None = None,  # None: those of the spec
    ) -> SearchRequest:
        if params is None:
            params = self._spec.filtered_search_params(k) if demand else self._spec.search_params(k)
        name = self._collection.name
        return search_request(name, vectors, k, params, demand, partition=partition, strong=self._strong)
