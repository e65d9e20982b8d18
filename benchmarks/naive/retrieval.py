"""READ FIRST: one naive request from its bytes to its answer."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pymilvus import MilvusClient

from benchmarks.naive.channels import Scores, by_neighbours, by_vector, by_words
from benchmarks.naive.fusion import fused
from benchmarks.naive.messages import Answer, Row
from benchmarks.naive.rules import CatalogueRow, judged
from multigrain.encoder import Encoder
from multigrain.features.sql import SqlFeatureStore
from multigrain.features.windows import split
from multigrain.index.hard_filter import expression
from multigrain.index.item_index import HardFilter
from multigrain.index.specs import IndexSpec
from multigrain.neighbors import Neighbors
from multigrain.registry.sql import wall_clock_ms
from multigrain.types import Float32s, ItemId, ItemStatus, UserId, UserState
from multigrain.v1 import retrieval_pb2 as pb
from server.channels.lexical_index import LexicalIndex
from server.understanding.intent import Intent
from server.understanding.tagger import Tagger


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The catalogue in this process."""

    rows: dict[int, CatalogueRow]
    numbers: dict[ItemId, int]
    titles: LexicalIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class NaiveRetrieval:
    """Everything that a request needs. Asked from many threads."""

    client: MilvusClient
    collection: str
    spec: IndexSpec
    encoder: Encoder
    tagger: Tagger
    features: SqlFeatureStore
    known: Known
    neighbors: Neighbors
    threads: ThreadPoolExecutor

    def retrieve(self, request: pb.RetrieveRequest) -> Any:  # Any: an Answer, which is made at run time
        """An Answer, filled as far as can be."""
        limit, intent = request.limit, self.tagger.understand(request.query)
        user = UserId(request.user_id)
        windows = split(self.features.get(user) or UserState(user_id=user), wall_clock_ms(), self.encoder.windows)
        words = self.threads.submit(by_words, self.known.titles, request.query, limit)
        vector = self.encoder.encode_queries([(request.query, windows)])[0]
        nearest = self.threads.submit(self._nearest, vector, limit)
        neighbours = by_neighbours(self.neighbors, self.known.numbers, windows, limit)
        found = {"vector": nearest.result(), "words": words.result(), "neighbours": neighbours}
        candidates, channels = fused(found)
        kept, dropped = judged(candidates, self.known.rows, intent)
        if dropped and len(kept) < limit:
            found["vector"] = _together(found["vector"], self._nearest(vector, limit, _demanded(intent)))
            candidates, channels = fused(found)
            kept, _ = judged(candidates, self.known.rows, intent)
        return _answer(kept[:limit], channels, self.known.rows)

    def _nearest(self, vector: Float32s, k: int, only: str = "") -> Scores:
        return by_vector(self.client, self.collection, self.spec, vector, k, only)


def _demanded(intent: Intent) -> str:
    """One search where the demands are met finds all that a list of scores can: no deeper one is made after it."""
    active = (int(ItemStatus.ACTIVE),)
    return expression(HardFilter(brands=intent.brand_names, categories=intent.category_paths, statuses=active))


def _together(first: Scores, more: Scores) -> Scores:
    both = {**first, **more}
    return dict(sorted(both.items(), key=lambda scored: (-scored[1], scored[0])))


def _answer(
    kept: list[tuple[int, float]], channels: Mapping[int, list[str]], rows: Mapping[int, CatalogueRow]
) -> object:
    return Answer(
        rows=[
            Row(item_id=rows[item_no]["item_id"], score=score, channels=channels[item_no], verdict="kept")
            for item_no, score in kept
        ]
    )
