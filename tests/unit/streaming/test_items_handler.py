"""When the item tower runs for a batch of item events, and what the indexes hold afterwards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.events import ItemEvent, ItemPatched
from multigrain.features.sql import SqlFeatureStore
from multigrain.index import item_rows, milvus_wire
from multigrain.index.exact import ExactIndex
from multigrain.types import Float32s, GenerationId, Item, ItemId, ItemStatus
from streaming.handlers.handler import Incoming, Stores
from streaming.handlers.items import ItemsHandler
from streaming.targets import Target
from tests.builders import NOON_MS, WordEncoder, an_item, an_upsert
from tests.unit.streaming.records import a_record


class CountingEncoder(WordEncoder):
    """Tells which items it was asked for, call by call."""

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__(seed=seed)
        self.calls: list[list[str]] = []

    def encode_items(self, items: Sequence[Item]) -> Float32s:
        self.calls.append([item.item_id for item in items])
        return super().encode_items(items)


@dataclass
class Shop:
    """A catalogue and the indexes that follow it."""

    folder: Path
    targets: list[Target] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = database.open_database(f"sqlite:///{self.folder / 'shop.db'}")
        database.upgrade(self.engine)
        self.catalogue = SqlCatalogue(self.engine)
        self.handler = ItemsHandler(self.catalogue, lambda: self.targets)

    def feeds(self, encoder: WordEncoder) -> ExactIndex:
        """One generation more."""
        index = ExactIndex(f"g{len(self.targets)}", dims=encoder.dims)
        self.targets.append(Target(GenerationId(f"g-{len(self.targets)}"), encoder, index))
        return index

    def take(self, *events: ItemEvent) -> None:
        """As one batch."""
        batch = [Incoming(a_record(event=event), event) for event in events]
        self.handler.prepare(batch)
        with database.writing(self.engine) as connection:
            self.handler.handle(batch, Stores(connection, SqlCatalogue(connection), SqlFeatureStore(connection)))

    def item_no(self, item_id: str) -> int:
        return self.catalogue.get([ItemId(item_id)])[ItemId(item_id)].item_no


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.engine.dispose()


@pytest.fixture
def encoder() -> CountingEncoder:
    return CountingEncoder()


def hidden(item_id: str = "sku-1", *, version: int = 2) -> ItemPatched:
    return ItemPatched(
        event_id=f"hide-{item_id}-{version}",
        at_ms=NOON_MS,
        item_id=ItemId(item_id),
        source_version=version,
        status=ItemStatus.INACTIVE,
    )


def row(index: ExactIndex, item_no: int) -> tuple[list[float], int, int, str]:
    rows = index.rows_of(np.array([item_no]))
    return rows.vectors[0].tolist(), rows.revisions[0].item(), rows.statuses[0], rows.titles[0]


def vector_of(item: Item) -> list[float]:
    vector: list[float] = WordEncoder().encode_items([item])[0].tolist()
    return vector


def test_a_new_status_takes_the_vector_from_the_index_and_runs_no_model(shop: Shop, encoder: CountingEncoder) -> None:
    index = shop.feeds(encoder)
    shop.take(an_upsert(an_item(1)))
    shop.take(hidden())
    assert encoder.calls == [["sku-1"]]
    assert row(index, 1) == (vector_of(an_item(1)), 2, ItemStatus.INACTIVE, an_item(1).title)


def test_what_the_index_has_not_is_computed(shop: Shop, encoder: CountingEncoder) -> None:
    index = shop.feeds(encoder)
    shop.take(an_upsert(an_item(1)), an_upsert(an_item(2)))
    index.delete(np.array([shop.item_no("sku-2")]))
    shop.take(hidden("sku-1"), hidden("sku-2"))
    assert encoder.calls == [["sku-1", "sku-2"], ["sku-2"]]
    assert index.count() == 2


def test_a_vector_of_another_title_is_not_taken_over(shop: Shop, encoder: CountingEncoder) -> None:
    index = shop.feeds(encoder)
    shop.take(an_upsert(an_item(1, title="red scarf")))
    lost = an_upsert(an_item(1, title="green hat", source_version=2))
    shop.catalogue.apply([lost])  # and the index hears nothing of it
    shop.take(hidden(version=3))
    assert row(index, 1) == (vector_of(lost.item), 3, ItemStatus.INACTIVE, "green hat")


def test_generations_of_one_bundle_share_one_run_of_the_model(shop: Shop, encoder: CountingEncoder) -> None:
    other = CountingEncoder(seed=1)
    first, second, third = shop.feeds(encoder), shop.feeds(other), shop.feeds(encoder)
    shop.take(*(an_upsert(an_item(number)) for number in range(1, 6)))
    assert [len(call) for call in encoder.calls] == [len(call) for call in other.calls] == [5]
    assert row(first, 1) == row(third, 1)
    assert row(second, 1)[0] != row(first, 1)[0]


def test_a_vector_that_one_generation_of_the_bundle_lacks_comes_from_the_other(
    shop: Shop, encoder: CountingEncoder
) -> None:
    first, second = shop.feeds(encoder), shop.feeds(encoder)
    shop.take(an_upsert(an_item(1)))
    first.delete(np.array([1]))
    shop.take(hidden())
    assert len(encoder.calls) == 1
    assert row(first, 1) == row(second, 1)


def test_a_batch_of_changed_and_hidden_items_runs_the_model_once(shop: Shop, encoder: CountingEncoder) -> None:
    index = shop.feeds(encoder)
    shop.take(*(an_upsert(an_item(number)) for number in (1, 2, 3)))
    shop.take(hidden("sku-1"), an_upsert(an_item(2, title="red scarf", source_version=2)), hidden("sku-3"))
    assert encoder.calls[1:] == [["sku-2"]]
    statuses = {number: row(index, shop.item_no(f"sku-{number}"))[2] for number in (1, 2, 3)}
    assert statuses == {1: ItemStatus.INACTIVE, 2: ItemStatus.ACTIVE, 3: ItemStatus.INACTIVE}


def test_a_new_price_asks_for_no_generation(shop: Shop, encoder: CountingEncoder) -> None:
    shop.feeds(encoder)
    shop.take(an_upsert(an_item(1)))

    def nobody() -> Sequence[Target]:
        raise AssertionError

    shop.handler = ItemsHandler(shop.catalogue, nobody)
    shop.take(
        ItemPatched(event_id="cheap", at_ms=NOON_MS, item_id=ItemId("sku-1"), source_version=2, price=1.0, stock=3)
    )


def test_titles_are_compared_as_long_as_milvus_keeps_them() -> None:
    assert item_rows.TITLE_BYTES == milvus_wire.TITLE_BYTES
