"""A generation whose index is scanned in the server's memory, while the stream writes the durable one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from multigrain import database
from multigrain.client import Client
from multigrain.events import ItemRemoved
from multigrain.index import specs
from multigrain.index.exact import ExactIndex, ExactIndexStore
from multigrain.index.item_index import IndexRows
from multigrain.index.item_rows import item_rows
from multigrain.index.specs import IndexSpec
from multigrain.types import Item, ItemId
from server.generations.live import LiveGenerations
from tests.builders import NOON_MS, an_item, an_upsert
from tests.flow.serving import Shop, a_catalogue, eventually, serving

COPIED = specs.MemoryScan(bits=32)


class WrittenWhileItIsRead(ExactIndex):
    """A durable index into which the stream writes while a server reads it into memory."""

    shop: Shop
    reads = 0

    def scan(self, rows_at_once: int):  # type: ignore[no-untyped-def]  # as above
        pages = list(super().scan(rows_at_once))
        self.reads += 1
        if self.reads == 1:
            stream(self.shop, a_lamp(2))
        yield from pages


class Store(ExactIndexStore):
    """Makes such indexes."""

    def __init__(self, shop: Shop) -> None:
        super().__init__()
        self._shop = shop

    def create(self, name: str, *, dims: int, spec: IndexSpec) -> ExactIndex:
        self._indexes[name] = index = WrittenWhileItIsRead(name, dims=dims)
        index.shop = self._shop
        return index


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    engine = database.open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    database.upgrade(engine)
    made = Shop(engine)
    made.stock(a_catalogue(60))
    made.publish(spec=COPIED)
    made.promote()
    return made


def a_lamp(number: int) -> Item:
    return an_item(number, title="zephyrine lamp", brand="", category_path=("home", "lamps"), source_version=2)


def stream(shop: Shop, item: Item) -> None:
    """What the stream does with one item, in its order: the index, then the catalogue."""
    (known,) = shop.catalogue.get([item.item_id]).values()
    encoder = shop.encoders["b-g-1"]
    durable = shop.indexes.open("g_1")
    row = item_rows([replace(known, item=item)], encoder.encode_items([item]))
    assert isinstance(row, IndexRows)
    durable.upsert(row)
    shop.catalogue.apply([an_upsert(item)])


def first(client: Client) -> str:
    """What the vector channel finds first for the lamp."""
    answer = client.retrieve("zephyrine lamp", limit=1, mode="off", channels={"vector": 0}, debug=True)
    return answer.reports[0].item_ids[0]


def test_what_the_stream_writes_is_found_in_memory(shop: Shop) -> None:
    with serving(shop) as (_, client):
        stream(shop, a_lamp(2))
        eventually(lambda: first(client), lambda found: found == "sku-2")
        shop.indexes.open("g_1").delete(np.array([2]))
        gone = ItemRemoved(event_id="r-2", at_ms=NOON_MS, item_id=ItemId("sku-2"), source_version=3)
        shop.catalogue.apply([gone])
        eventually(lambda: first(client), lambda found: found != "sku-2")


def test_what_is_written_while_the_index_is_read_is_not_missed(tmp_path: Path) -> None:
    engine = database.open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    database.upgrade(engine)
    shop = Shop(engine)
    shop.indexes = Store(shop)
    shop.stock(a_catalogue(60))
    shop.publish(spec=COPIED)
    shop.promote()
    generations = LiveGenerations(shop.registry, shop.load, shop.reopen, allow_choice=False)
    assert generations.refresh()
    with generations.lease() as live:
        vector = live.encoder.encode_items([a_lamp(2)])
        assert live.index.search(vector, 1, timeout_seconds=1).item_nos[0, 0] == 2


def test_a_generation_follows_when_it_is_told_to(shop: Shop) -> None:
    generations = LiveGenerations(shop.registry, shop.load, shop.reopen, allow_choice=False)
    generations.refresh()
    stream(shop, a_lamp(2))
    generations.follow()
    with generations.lease() as live:
        vector = live.encoder.encode_items([a_lamp(2)])
        assert live.index.search(vector, 1, timeout_seconds=1).item_nos[0, 0] == 2
        assert live.max_k == COPIED.deepest
