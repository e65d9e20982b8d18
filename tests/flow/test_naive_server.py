"""The naive server of `bench serve` answers what ours answers: otherwise being quicker than it would say nothing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks.naive.retrieval import NaiveRetrieval
from benchmarks.naive.server import read_items
from multigrain.client import retrieve_message
from multigrain.index.milvus import MilvusStore
from multigrain.neighbors import Neighbors
from server.understanding.tagger import Tagger
from tests.flow.serving import FLAT, Shop, open_shop, serving

QUERIES = ("adidas running shoes black", "summer dress red", "nike dress", "running 7", "nothing of the kind")


def test_the_naive_server_answers_with_the_same_items(tmp_path: Path) -> None:
    shop, store = open_shop(tmp_path, items=120), MilvusStore(str(tmp_path / "milvus.db"))
    on_milvus = Shop(shop.engine, indexes=store)
    on_milvus.publish_of(shop.encoders["b-g-1"], "g-2", spec=FLAT)
    naive = the_naive_server_of(on_milvus, store)
    with serving(shop) as (_, client):
        for query in QUERIES:
            ours = client.retrieve(query, limit=30)
            rows = naive.retrieve(retrieve_message(query, limit=30)).rows
            # Equal scores at the cut may fall either way.
            assert len({row.item_id for row in rows} & set(ours.item_ids)) >= 0.9 * len(ours), query
            assert len(rows) == len(ours)
            assert [row.score for row in rows[:5]] == pytest.approx([float(score) for score in ours.scores[:5]])


def the_naive_server_of(shop: Shop, store: MilvusStore) -> NaiveRetrieval:
    return NaiveRetrieval(
        client=store._client,
        collection=shop.collection("g-2"),
        spec=FLAT,
        encoder=shop.encoders["b-g-1"],
        tagger=Tagger(shop.terms),
        features=shop.features,
        known=read_items(shop.catalogue),
        neighbors=Neighbors.none(),
        threads=ThreadPoolExecutor(4),
    )
