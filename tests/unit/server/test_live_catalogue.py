"""The catalogue of the server: when it can be used, what it goes on with, and what it says while it loads."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from multigrain import database
from multigrain.catalog import rows
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.catalog.change import StoredItem
from multigrain.catalog.item_page import PAGE, ItemPage
from multigrain.catalog.tables import catalogue_revision
from multigrain.errors import StoreUnavailable, Unavailable
from multigrain.events import ItemRemoved
from multigrain.telemetry import LOG_FIELDS
from multigrain.types import ItemId
from server.catalogue.live import LiveCatalogue
from server.channels.lexical_index import LexicalIndex
from tests.builders import NOON_MS, an_item, an_upsert

ITEMS = PAGE + 10


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """With two pages of items; tests only read."""
    opened = database.open_database(f"sqlite:///{tmp_path_factory.mktemp('catalogue') / 'store.db'}")
    database.upgrade(opened)
    with database.writing(opened) as connection:
        rows.insert(connection, rows.whole([StoredItem(n, an_item(n), n) for n in range(1, ITEMS + 1)]))
        connection.execute(sa.update(catalogue_revision).values(revision=ITEMS, last_item_no=ITEMS))
    yield opened
    opened.dispose()


@pytest.fixture
def titles() -> Iterator[LexicalIndex]:
    index = LexicalIndex()
    yield index
    index.close()


class Troubled(SqlCatalogue):
    """Fails when a page behind `healthy_until` is asked for; notes from where each page was asked for."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self.healthy_until = 0
        self.asked: list[int] = []

    def page_since(self, revision: int, limit: int) -> ItemPage | None:
        if revision > self.healthy_until:
            raise StoreUnavailable("the store is down")
        self.asked.append(revision)
        return super().page_since(revision, limit)


class Ticking:
    """A clock that goes on by six seconds at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 6.0
        return self.now


def test_columns_are_not_used_before_all_that_there_was_is_loaded(engine: sa.Engine, titles: LexicalIndex) -> None:
    catalogue = Troubled(engine)
    live = LiveCatalogue(catalogue, titles)
    assert live.latest is None

    with pytest.raises(StoreUnavailable):
        live.refresh()

    assert live.latest is None
    with pytest.raises(Unavailable, match="not loaded yet"):
        _ = live.columns

    catalogue.healthy_until = ITEMS
    live.refresh()

    assert catalogue.asked == [0, PAGE]
    assert (live.columns.count, live.columns.revision, titles.count()) == (ITEMS, ITEMS, ITEMS)
    assert live.latest is live.columns


def test_loading_says_how_far_it_is(engine: sa.Engine, titles: LexicalIndex, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "server.catalogue.loading_progress"):
        LiveCatalogue(SqlCatalogue(engine), titles, monotonic=Ticking()).refresh()

    said = [(record.getMessage(), getattr(record, LOG_FIELDS)) for record in caplog.records]
    assert said == [
        ("loading the catalogue", {"of": ITEMS}),
        ("loading the catalogue", {"items": PAGE, "of": ITEMS, "items_per_second": round(PAGE / 6)}),
        ("loading the catalogue", {"items": ITEMS, "of": ITEMS, "items_per_second": round(ITEMS / 12)}),
        ("the catalogue is loaded", {"items": ITEMS, "of": ITEMS, "items_per_second": round(ITEMS / 18)}),
    ]


def test_titles_come_and_go_with_their_items(tmp_path: Path, titles: LexicalIndex) -> None:
    engine = database.open_database(f"sqlite:///{tmp_path / 'store.db'}")
    database.upgrade(engine)
    catalogue = SqlCatalogue(engine)
    live = LiveCatalogue(catalogue, titles)
    live.refresh()
    assert (live.columns.count, titles.count()) == (0, 0)

    catalogue.apply([an_upsert(an_item(1)), an_upsert(an_item(2))])
    live.refresh()
    assert (live.columns.count, titles.count()) == (2, 2)

    catalogue.apply([ItemRemoved(event_id="r", at_ms=NOON_MS, item_id=ItemId("sku-1"), source_version=2)])
    live.refresh()
    assert (live.columns.count, titles.count(), live.columns.revision) == (1, 1, 3)
    assert titles.search("ultraboost", 10).item_nos.tolist() == [2]
    engine.dispose()
