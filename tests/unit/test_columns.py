"""The catalogue in memory against the catalogue in SQL, and against a plain dict."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.catalog.change import StoredItem
from multigrain.catalog.columns import CatalogueColumns
from multigrain.events import ItemEvent, ItemPatched, ItemRemoved
from multigrain.index.item_index import ABSENT
from multigrain.types import Item, ItemId, ItemStatus
from tests.builders import NOON_MS, an_item, an_upsert


class Listed:
    """A catalogue that is a list of its newest changes."""

    def __init__(self) -> None:
        self.newest: dict[int, StoredItem] = {}
        self.revision = 0

    def put(self, item_no: int, **changes: Any) -> None:  # Any: whatever field the test is about
        self.revision += 1
        self.newest[item_no] = StoredItem(item_no, an_item(item_no, **changes), self.revision)

    def changed_since(self, revision: int, limit: int) -> list[StoredItem]:
        rows = sorted(self.newest.values(), key=lambda stored: stored.revision)
        return [stored for stored in rows if stored.revision > revision][:limit]


@pytest.fixture
def catalogue() -> Listed:
    return Listed()


def test_an_empty_catalogue_knows_nobody(catalogue: Listed) -> None:
    columns = CatalogueColumns.load(catalogue)

    assert (columns.revision, columns.count, columns.size) == (0, 0, 1)
    assert columns.item_no_of(ItemId("sku-1")) is None
    assert columns.item_ids_of(np.array([0, 1, ABSENT])) == ["", "", ""]
    assert columns.path_codes_under("sports").tolist() == []


def test_an_item_is_found_in_the_row_of_its_number(catalogue: Listed) -> None:
    catalogue.put(2, price=19.5, stock=3, status=ItemStatus.INACTIVE, brand="puma", shop="s-2")

    columns = CatalogueColumns.load(catalogue)

    assert columns.item_no_of(ItemId("sku-2")) == 2
    assert (columns.price[2], columns.stock[2], columns.status[2]) == (19.5, 3, ItemStatus.INACTIVE)
    assert (columns.brand_of(2), columns.shop_of(2)) == ("puma", "s-2")
    assert columns.category_path_of(2) == ("sports", "shoes", "running shoes")
    assert columns.item_ids_of(np.array([2])) == ["sku-2"]


def test_a_row_without_an_item_has_the_status_of_nothing(catalogue: Listed) -> None:
    catalogue.put(3)

    columns = CatalogueColumns.load(catalogue)

    assert columns.status.tolist() == [0, 0, 0, ItemStatus.ACTIVE]
    assert (columns.brand_of(1), columns.shop_of(99), columns.category_path_of(0)) == ("", "", ("",))


def test_numbers_that_a_snapshot_does_not_hold_lead_to_row_0(catalogue: Listed) -> None:
    catalogue.put(1)
    catalogue.put(2)

    rows = CatalogueColumns.load(catalogue).rows_of(np.array([2, 3, ABSENT, 2**40, 1]))

    assert rows.tolist() == [2, 0, 0, 0, 1]


def test_a_refresh_without_changes_is_the_same_snapshot(catalogue: Listed) -> None:
    catalogue.put(1)
    columns = CatalogueColumns.load(catalogue)

    assert columns.refreshed(catalogue) is columns


def test_a_snapshot_does_not_change_when_the_catalogue_does(catalogue: Listed) -> None:
    catalogue.put(1, price=10.0, brand="adidas")
    before = CatalogueColumns.load(catalogue)
    catalogue.put(1, price=20.0, brand="puma", status=ItemStatus.REMOVED)
    catalogue.put(5)

    after = before.refreshed(catalogue)

    assert (before.size, before.count, before.revision) == (2, 1, 1)
    assert (before.price[1], before.brand_of(1), before.status[1]) == (10.0, "adidas", ItemStatus.ACTIVE)
    assert before.item_no_of(ItemId("sku-5")) is None
    assert (after.size, after.count, after.revision) == (6, 1, 3)
    assert (after.price[1], after.brand_of(1), after.status[1]) == (20.0, "puma", ItemStatus.REMOVED)


def test_nobody_can_write_into_a_snapshot(catalogue: Listed) -> None:
    catalogue.put(1)
    columns = CatalogueColumns.load(catalogue)

    with pytest.raises(ValueError, match="read-only"):
        columns.price[1] = 0.0


def test_a_stock_too_large_for_its_column_is_as_good_as_endless(catalogue: Listed) -> None:
    catalogue.put(1, stock=2**40)

    assert CatalogueColumns.load(catalogue).stock[1] == 2**31 - 1


@pytest.mark.parametrize(
    ("category", "item_nos"),
    [
        ("sports", [1, 2, 3]),
        ("sports/shoes", [2, 3]),
        ("sports/shoes/running", [3]),
        ("shoes", [5]),  # a path of its own goes before a name further down
        ("running", [3, 5]),
        ("kids", [4]),
        ("sport", []),
        ("shoes/run", []),
        ("", []),
    ],
)
def test_a_category_is_found_by_its_path_or_else_by_its_name(
    catalogue: Listed, category: str, item_nos: list[int]
) -> None:
    paths = (("sports",), ("sports", "shoes"), ("sports", "shoes", "running"), ("home", "kids"), ("shoes", "running"))
    for item_no, path in enumerate(paths, start=1):
        catalogue.put(item_no, category_path=path)

    columns = CatalogueColumns.load(catalogue)

    under = np.flatnonzero(np.isin(columns.path_codes, columns.path_codes_under(category)))
    assert under.tolist() == item_nos


def test_names_lead_to_codes_and_unknown_ones_to_none(catalogue: Listed) -> None:
    catalogue.put(1, brand="adidas")
    catalogue.put(2, brand="")
    catalogue.put(3, brand="puma")

    columns = CatalogueColumns.load(catalogue)

    codes = columns.brand_table.codes(["puma", "nike", "adidas"])
    assert np.flatnonzero(np.isin(columns.brand_codes, codes)).tolist() == [1, 3]
    assert np.flatnonzero(columns.brand_codes == 0).tolist() == [0, 2]


numbers = st.integers(1, 6)
versions = st.integers(1, 8)
upserts = st.builds(
    lambda number, **fields: an_upsert(an_item(number, **fields)),
    numbers,
    source_version=versions,
    brand=st.sampled_from(["", "adidas", "puma"]),
    category_path=st.sampled_from([("a",), ("a", "b"), ("a", "b", "c"), ("b", "c")]),
    price=st.integers(0, 100).map(float),
    stock=st.integers(0, 9),
)
patches = st.builds(
    lambda number, version, price, status: ItemPatched(
        event_id="p", at_ms=NOON_MS, item_id=ItemId(f"sku-{number}"), source_version=version, price=price, status=status
    ),
    numbers,
    versions,
    st.none() | st.integers(0, 100).map(float),
    st.none() | st.sampled_from([ItemStatus.ACTIVE, ItemStatus.INACTIVE]),
)
removals = st.builds(
    lambda number, version: ItemRemoved(
        event_id="r", at_ms=NOON_MS, item_id=ItemId(f"sku-{number}"), source_version=version
    ),
    numbers,
    versions,
)


@given(batches=st.lists(st.lists(upserts | patches | removals, max_size=6), max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_columns_follow_the_catalogue_as_a_dict_would(
    batches: list[list[ItemEvent]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("catalogue")
    engine = database.open_database(f"sqlite:///{folder / 'store.db'}")
    database.upgrade(engine)
    catalogue, columns, expected = SqlCatalogue(engine), CatalogueColumns(), dict[ItemId, Item]()

    for batch in batches:
        catalogue.apply(batch)
        columns = columns.refreshed(catalogue)
        for event in batch:
            _follow(expected, event)
        assert _as_dict(columns) == {item_id: _seen(item) for item_id, item in expected.items()}
        assert columns.count == sum(item.status is not ItemStatus.REMOVED for item in expected.values())
    engine.dispose()


def _follow(items: dict[ItemId, Item], event: ItemEvent) -> None:
    """The catalogue's rules, told once more and as plainly as possible."""
    if isinstance(event, ItemPatched):
        old = items.get(event.item_id)
        if old is None or old.status is ItemStatus.REMOVED or event.source_version <= old.source_version:
            return
        fields = {"price": event.price, "stock": event.stock, "status": event.status}
        named = {name: value for name, value in fields.items() if value is not None}
        items[event.item_id] = _with(old, source_version=event.source_version, **named)
    elif isinstance(event, ItemRemoved):
        old = items.get(event.item_id) or an_item(
            item_id=event.item_id, brand="", shop="", category_path=("",), price=0.0, stock=0, source_version=0
        )
        if event.source_version > old.source_version:
            items[event.item_id] = _with(old, source_version=event.source_version, status=ItemStatus.REMOVED)
    else:
        known = items.get(event.item.item_id)
        if known is None or event.item.source_version > known.source_version:
            items[event.item.item_id] = event.item


def _with(item: Item, **changes: Any) -> Item:  # Any: whatever field changes
    names = ("item_id", "title", "brand", "category_path", "shop", "price", "stock", "status", "source_version")
    return Item(**{**{name: getattr(item, name) for name in names}, **changes})


def _seen(item: Item) -> tuple[object, ...]:
    return item.brand, item.category_path, item.shop, item.price, item.stock, int(item.status)


def _as_dict(columns: CatalogueColumns) -> dict[ItemId, tuple[object, ...]]:
    """Every row that holds an item, read through the tables."""
    found: dict[ItemId, tuple[object, ...]] = {}
    for item_no in np.flatnonzero(columns.status).tolist():
        (item_id,) = columns.item_ids_of(np.array([item_no]))
        assert columns.item_no_of(item_id) == item_no
        found[item_id] = (
            columns.brand_of(item_no),
            columns.category_path_of(item_no),
            columns.shop_of(item_no),
            float(columns.price[item_no]),
            int(columns.stock[item_no]),
            int(columns.status[item_no]),
        )
    return found
