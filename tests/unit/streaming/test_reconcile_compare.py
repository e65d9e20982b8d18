"""Which rows differ from their items, worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from multigrain.catalog.change import StoredItem
from multigrain.index.item_index import IndexRows
from multigrain.index.item_rows import item_rows
from multigrain.types import ItemStatus
from streaming.reconcile.compare import compare_fields, compare_vectors
from streaming.reconcile.difference import Kind
from tests.builders import an_item


def stored(number: int, **changes: object) -> StoredItem:
    return StoredItem(number, an_item(number, **changes), revision=number)


def rows(*items: StoredItem) -> IndexRows:
    return item_rows(items, np.ones((len(items), 4), np.float32))


def test_equal_sides_have_no_difference_in_whatever_order_rows_come() -> None:
    items = [stored(number) for number in (1, 2, 5)]
    assert compare_fields(items, rows(*reversed(items))) == []


def test_differences_come_by_number_with_what_is_and_what_should_be() -> None:
    hidden = stored(3, status=ItemStatus.INACTIVE)
    found = compare_fields([stored(1), stored(2, source_version=4), stored(3)], rows(hidden, stored(9), stored(2)))
    assert [(one.item_no, one.item_id, one.kind) for one in found] == [
        (1, "sku-1", Kind.MISSING),
        (3, "sku-3", Kind.WRONG_FIELD),
        (9, "", Kind.SURPLUS),
    ]
    assert found[1].detail == "status is INACTIVE, not ACTIVE"


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"title": "red scarf"}, "version 1 of 2: title is 'red scarf', not 'green hat'"),
        ({"brand": "puma"}, "version 1 of 2: brand is 'puma', not 'adidas'"),
        ({"category_path": ("a", "b")}, "version 1 of 2: category is 'a/b', not 'sports/shoes/running shoes'"),
        ({"shop": ""}, "version 1 of 2: shop is '', not 'shop-1'"),
        ({"status": 17}, "version 1 of 2: status is 17, not ACTIVE"),
    ],
)
def test_an_older_row_is_stale_for_each_field_that_differs(changes: dict[str, object], detail: str) -> None:
    now = stored(1, title="green hat", source_version=2)
    [found] = compare_fields([now], rows(replace(now, item=replace(now.item, **{"source_version": 1, **changes}))))  # type: ignore[arg-type]  # fields by name
    assert (found.kind, found.detail) == (Kind.STALE, detail)


def test_text_that_milvus_cuts_is_no_difference() -> None:
    long = stored(1, title="鞋" * 2_000, brand="b" * 600)
    cut = replace(long, item=replace(long.item, title="鞋" * 682, brand="b" * 512))
    assert compare_fields([long], rows(cut)) == []


@pytest.mark.parametrize(
    ("kept", "computed", "same"),
    [
        ([1.0, 0.0], [2.0, 0.0], True),
        ([1.0, 0.0], [1.0, 0.03], True),  # cosine 0.99955
        ([1.0, 0.0], [1.0, 0.06], False),  # cosine 0.9982
        ([1.0, 0.0], [-1.0, 0.0], False),
        ([0.0, 0.0], [0.0, 0.0], True),
        ([0.0, 0.0], [1.0, 0.0], False),
        ([float("nan"), 0.0], [1.0, 0.0], False),
    ],
)
def test_vectors_are_the_same_in_direction(kept: list[float], computed: list[float], same: bool) -> None:
    item = stored(1)
    held = item_rows([item], np.array([kept], np.float32))
    found = compare_vectors([item], np.array([computed], np.float32), held)
    assert (found == []) is same


def test_an_item_without_a_row_has_no_wrong_vector() -> None:
    assert compare_vectors([stored(2)], np.ones((1, 4), np.float32), rows(stored(1))) == []
