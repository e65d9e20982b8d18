"""FILL to the last hole: an approximate index of thousands of items, of which few pass."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from multigrain import database
from multigrain.client import Client
from multigrain.index.milvus import MilvusStore
from multigrain.index.specs import Hnsw, IndexSpec, IvfFlat
from multigrain.key_terms import KeyTerm, TermKind
from multigrain.types import Item
from tests.builders import an_item
from tests.flow.serving import TERMS, Shop, serving

pytestmark = pytest.mark.slow

ITEMS = 4_000
RED = KeyTerm(kind=TermKind.ATTRIBUTE, name="colour", value="red", words=("red",), confidence=0.9)


@dataclass
class Stocked:
    """A served shop, and what is in it."""

    client: Client
    items: list[Item]

    def passing(self, query: str) -> int:
        """How many items meet the query's words, as they are understood."""
        return sum(
            ("adidas" not in query or item.brand == "adidas")
            and ("red" not in query or item.attributes["colour"] == "red")
            and item.stock > 0
            for item in self.items
        )


def a_random_catalogue(seed: int) -> list[Item]:
    """5 of 100 of adidas, 5 of 100 red, and one of ten sold out."""
    rng = random.Random(seed)
    return [
        an_item(
            number,
            title=f"shoe {number} {rng.choice('abcdefgh')}{number % 97}",
            brand="adidas" if rng.random() < 0.05 else "nike",
            attributes={"colour": "red" if rng.random() < 0.05 else "blue"},
            stock=0 if rng.random() < 0.1 else 3,
        )
        for number in range(1, ITEMS + 1)
    ]


@pytest.fixture(
    scope="module",
    params=[Hnsw(m=8, ef_construction=40, ef=16), IvfFlat(nlist=64, nprobe=1)],
    ids=lambda spec: str(spec.kind),
)
def stocked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    folder: Path = tmp_path_factory.mktemp("shop")
    spec: IndexSpec = request.param
    engine = database.open_database(f"sqlite:///{folder / 'shop.db'}")
    database.upgrade(engine)
    shop = Shop(engine, MilvusStore(str(folder / "milvus.db")), terms=(*TERMS, RED))
    items = a_random_catalogue(seed=7)
    shop.stock(items)
    shop.publish(spec=spec)
    shop.promote()
    with serving(shop) as (_, client):
        yield Stocked(client, items)


@pytest.mark.parametrize("query", ["adidas shoe", "red shoe", "red adidas shoe", "shoe"])
def test_as_many_come_as_pass_up_to_the_limit(stocked: Stocked, query: str) -> None:
    there = stocked.passing(query)
    for limit in sorted({1, 3, there // 2, there, there + 50}):
        if limit > 1_000:
            continue
        answer = stocked.client.retrieve(query, limit=limit, channels={"vector": 0}, timeout_seconds=30)
        assert len(answer) == min(limit, there), f"limit {limit}, {there} pass"
        assert set(answer.degraded) == set()


def test_the_brand_alone_is_pushed_down_and_no_row_is_read(stocked: Stocked) -> None:
    answer = stocked.client.retrieve("adidas shoe", limit=10, channels={"vector": 0}, debug=True, timeout_seconds=30)
    [vector] = answer.reports
    assert len(answer) == 10
    assert vector.hits <= 20, "ten as asked, ten that the index filtered"
