"""The catalogue in memory against the catalogue in SQL, and against a plain dict."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.catalog.columns import CatalogueColumns
from multigrain.events import ItemEvent, ItemPatched, ItemRemoved
from multigrain.index.item_index import ABSENT
from multigrain.types import Item, ItemId, ItemStatus
from tests.builders import NOON_MS, an_item, an_upsert
from tests.listed import KINDS, Followed, Listed, in_private_memory
from tests.pages import numbered_page


@pytest.fixture
def catalogue() -> Listed:
    return Listed()


@pytest.fixture(params=KINDS)
def columns_in(request: pytest.FixtureRequest) -> Followed:
    """In each kind of memory."""
    return KINDS[request.param]()


def test_an_empty_catalogue_knows_nobody(catalogue: Listed, columns_in: Followed) -> None:
    for columns in (columns_in.follow(catalogue), CatalogueColumns()):
        assert (columns.revision, columns.count, columns.size) == (0, 0, 1)
        assert columns.item_no_of("sku-1") is None
        assert columns.item_ids_of(np.array([0, 1, ABSENT])) == ["", "", ""]
        assert columns.item_ids_of(np.zeros(0, np.int64)) == []
        assert columns.item_nos_of(["sku-1", ""]).tolist() == [0, 0]
        assert columns.path_codes_under("sports").tolist() == []
        assert (columns.brand_of(0), columns.category_path_of(0)) == ("", ("",))


def test_an_item_is_found_in_the_row_of_its_number(catalogue: Listed, columns_in: Followed) -> None:
    catalogue.put(2, price=19.5, stock=3, status=ItemStatus.INACTIVE, brand="puma", shop="s-2")

    columns = columns_in.follow(catalogue)

    assert columns.item_no_of("sku-2") == 2
    assert (columns.price[2], columns.stock[2], columns.status[2]) == (19.5, 3, ItemStatus.INACTIVE)
    assert (columns.brand_of(2), columns.shop_of(2)) == ("puma", "s-2")
    assert columns.category_path_of(2) == ("sports", "shoes", "running shoes")
    assert columns.item_ids_of(np.array([2])) == ["sku-2"]


def test_a_row_without_an_item_has_the_status_of_nothing(catalogue: Listed, columns_in: Followed) -> None:
    catalogue.put(3)

    columns = columns_in.follow(catalogue)

    assert columns.status.tolist() == [0, 0, 0, ItemStatus.ACTIVE]
    assert (columns.brand_of(1), columns.shop_of(99), columns.category_path_of(0)) == ("", "", ("",))


def test_numbers_that_a_view_does_not_hold_lead_to_row_0(catalogue: Listed, columns_in: Followed) -> None:
    catalogue.put(1)
    catalogue.put(2)

    rows = columns_in.follow(catalogue).rows_of(np.array([2, 3, ABSENT, 2**40, 1]))

    assert rows.tolist() == [2, 0, 0, 0, 1]


def test_without_changes_there_is_no_other_view(catalogue: Listed, columns_in: Followed) -> None:
    catalogue.put(1)
    columns = columns_in.follow(catalogue)

    assert columns_in.follow(catalogue) is columns


def test_a_view_keeps_its_items_and_shows_their_changes(catalogue: Listed, columns_in: Followed) -> None:
    catalogue.put(1, price=10.0, brand="adidas")
    before = columns_in.follow(catalogue)
    catalogue.put(1, price=20.0, brand="puma", status=ItemStatus.REMOVED)
    catalogue.put(5)

    after = columns_in.follow(catalogue)

    assert (before.size, before.count, before.revision) == (2, 1, 1)
    assert (before.price[1], before.brand_of(1), before.status[1]) == (20.0, "puma", ItemStatus.REMOVED)
    assert before.item_no_of("sku-5") is None
    assert before.item_nos_of(["sku-5", "sku-1"]).tolist() == [0, 1]
    assert (after.size, after.count, after.revision) == (6, 1, 3)
    assert after.item_no_of("sku-5") == 5


def test_a_view_taken_before_a_growth_still_reads_right(catalogue: Listed, columns_in: Followed) -> None:
    """Enough items that the index of ids goes on in a further level (40,000 and more) and many pages are touched."""
    catalogue.put(1, brand="first")
    before = columns_in.follow(catalogue)
    columns_in.writer.put(numbered_page(2, 45_000))
    after = columns_in.follow(catalogue)

    wanted = np.array([1, 44_999, 20_000, 0, 45_000, 1])
    assert before.item_ids_of(wanted) == ["sku-1", "", "", "", "", "sku-1"]
    assert after.item_ids_of(wanted) == ["sku-1", "sku-44999", "sku-20000", "", "", "sku-1"]
    assert (before.brand_of(1), before.size, before.price.tolist()) == ("first", 2, [0.0, 100.0])
    every = [f"sku-{number}" for number in range(1, 45_000)]
    assert after.item_nos_of([*every, "sku-45000"]).tolist() == [*range(1, 45_000), 0]
    assert [after.item_no_of(f"sku-{number}") for number in (1, 39_000, 44_999, 45_000)] == [1, 39_000, 44_999, None]


def test_nobody_can_write_into_a_view(catalogue: Listed, columns_in: Followed) -> None:
    catalogue.put(1)
    columns = columns_in.follow(catalogue)

    with pytest.raises(ValueError, match="read-only"):
        columns.price[1] = 0.0


def test_a_number_beyond_the_room_is_refused_by_name(catalogue: Listed, columns_in: Followed) -> None:
    catalogue.put(2**27)

    with pytest.raises(ValueError, match="item_no 134,217,728: there is room for 134,217,727"):
        columns_in.follow(catalogue)


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
    catalogue: Listed, columns_in: Followed, category: str, item_nos: list[int]
) -> None:
    paths = (("sports",), ("sports", "shoes"), ("sports", "shoes", "running"), ("home", "kids"), ("shoes", "running"))
    for item_no, path in enumerate(paths, start=1):
        catalogue.put(item_no, category_path=path)

    columns = columns_in.follow(catalogue)

    under = np.flatnonzero(np.isin(columns.path_codes, columns.path_codes_under(category)))
    assert under.tolist() == item_nos


def test_names_lead_to_codes_and_unknown_ones_to_none(catalogue: Listed, columns_in: Followed) -> None:
    catalogue.put(1, brand="adidas")
    catalogue.put(2, brand="")
    catalogue.put(3, brand="puma")

    columns = columns_in.follow(catalogue)

    codes = columns.brand_table.codes(["puma", "nike", "adidas"])
    assert np.flatnonzero(np.isin(columns.brand_codes, codes)).tolist() == [1, 3]
    assert np.flatnonzero(columns.brand_codes == 0).tolist() == [0, 2]


def test_paths_that_look_alike_when_joined_stay_apart(catalogue: Listed, columns_in: Followed) -> None:
    catalogue.put(1, category_path=("a/b", "c"))
    catalogue.put(2, category_path=("a", "b/c"))

    columns = columns_in.follow(catalogue)

    assert [columns.category_path_of(number) for number in (1, 2)] == [("a/b", "c"), ("a", "b/c")]
    assert columns.path_codes_under("a/b/c").tolist() == [1, 2]


item_ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=32)
"""At most 128 bytes; of any signs, line breaks and zeros among them."""
fields = st.fixed_dictionaries(
    {},
    optional={
        "brand": st.sampled_from(["", "adidas", "阿迪达斯", "a\nb"]),
        "category_path": st.sampled_from([("",), ("a",), ("a", "b/c"), ("b", "\n")]),
        "shop": st.sampled_from(["", "s"]),
        "price": st.integers(0, 100).map(float),
        "stock": st.integers(0, 9),
        "status": st.sampled_from(ItemStatus),
        "attributes": st.dictionaries(
            st.sampled_from(["colour", "颜色", "a\nb"]), st.sampled_from(["red", "红", "=", "\n"])
        ),
    },
)


@given(
    ids=st.lists(item_ids | st.sampled_from(["x" * 128, "👗" * 32, "\n", "\0", "a\nb"]), unique=True, min_size=1),
    batches=st.lists(st.lists(st.tuples(st.integers(0, 99), fields), max_size=5), max_size=5),
    kind=st.sampled_from(sorted(KINDS)),
)
@settings(max_examples=60, deadline=None)
def test_ids_of_any_signs_and_every_field_read_as_a_dict_would(
    ids: list[str], batches: list[list[tuple[int, dict[str, Any]]]], kind: str
) -> None:
    catalogue, columns_in, expected = Listed(), KINDS[kind](), dict[str, tuple[object, ...]]()
    number_of = {item_id: number for number, item_id in enumerate(ids, 1)}

    for batch in batches:
        for place, changes in batch:
            item_id = ids[place % len(ids)]
            catalogue.put(number_of[item_id], item_id=ItemId(item_id), **changes)
            expected[item_id] = _seen(catalogue.newest[number_of[item_id]].item)
        columns = columns_in.follow(catalogue)
        assert _as_dict(columns) == expected
        assert columns.count == sum(seen[-1] != ItemStatus.REMOVED for seen in expected.values())
        known = [number_of[item_id] if item_id in expected else 0 for item_id in ids]
        assert columns.item_nos_of([*ids, "nobody's"]).tolist() == [*known, 0]
        assert columns.item_ids_of(np.array([*known, -1])) == [*(i if i in expected else "" for i in ids), ""]


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
    attributes=st.sampled_from([{}, {"colour": "red"}, {"colour": "blue", "size": "42"}]),
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
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_columns_follow_the_catalogue_as_a_dict_would(
    batches: list[list[ItemEvent]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("catalogue")
    engine = database.open_database(f"sqlite:///{folder / 'store.db'}")
    database.upgrade(engine)
    catalogue, columns_in, expected = SqlCatalogue(engine), in_private_memory(), dict[ItemId, Item]()

    for batch in batches:
        catalogue.apply(batch)
        columns = columns_in.follow(catalogue)
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
    names = (
        *("item_id", "title", "brand", "category_path", "shop", "price", "stock", "status", "source_version"),
        "attributes",
    )
    return Item(**{**{name: getattr(item, name) for name in names}, **changes})


def _seen(item: Item) -> tuple[object, ...]:
    return item.brand, item.category_path, item.shop, item.price, item.stock, dict(item.attributes), int(item.status)


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
            columns.attributes_of(item_no),
            int(columns.status[item_no]),
        )
    return found
