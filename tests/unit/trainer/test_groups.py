"""Impression groups as fixed arrays: caps, order and masks."""

from multigrain.features.windows import Windows
from multigrain.text.analyzer import analyze
from multigrain.types import ItemId, UserId
from trainer.configs.config import GroupsConfig
from trainer.data.example import Example
from trainer.data.groups import group_impressions

ROWS = {ItemId(name): row for row, name in enumerate("abcdefgh")}
CAPS = GroupsConfig(ordered=1, clicked=2, unclicked=4)


def seen(clicked: str, ordered: str = "", unclicked: str = "") -> Example:
    """One item a letter."""
    groups = {"clicked": clicked, "ordered": ordered, "unclicked": unclicked}
    items = {name: tuple(ItemId(letter) for letter in letters) for name, letters in groups.items()}
    base = {"search_id": "s", "user_id": UserId("u"), "at_ms": 1, "query": "q", "grains": analyze("q")}
    return Example(**base, **items, history=Windows())


def test_an_order_stands_first_and_is_never_cut_off() -> None:
    groups = group_impressions([seen("abc", ordered="c")], ROWS, CAPS)
    assert groups.clicked.tolist() == [[2, 0]]
    assert groups.clicked_mask.tolist() == [[True, True]]
    assert groups.ordered_mask.tolist() == [[True, False]]


def test_an_order_beyond_its_cap_stands_as_a_click() -> None:
    groups = group_impressions([seen("abc", ordered="bc")], ROWS, CAPS)
    assert groups.clicked.tolist() == [[1, 2]]
    assert groups.ordered_mask.tolist() == [[True, False]]


def test_masks_are_off_where_there_is_nothing() -> None:
    groups = group_impressions([seen("a", unclicked="bc"), seen("d", unclicked="efghb")], ROWS, CAPS)
    assert groups.clicked_mask.tolist() == [[True, False], [True, False]]
    assert not groups.ordered_mask.any()
    assert groups.unclicked.tolist() == [[1, 2, -1, -1], [4, 5, 6, 7]]
    assert groups.unclicked_mask.tolist() == [[True, True, False, False], [True] * 4]


def test_items_that_left_the_catalogue_are_left_out() -> None:
    groups = group_impressions([seen("xa", ordered="x", unclicked="zb")], ROWS, CAPS)
    assert groups.clicked.tolist() == [[0, -1]]
    assert not groups.ordered_mask.any()
    assert groups.unclicked.tolist() == [[1, -1, -1, -1]]


def test_ordered_items_lie_within_the_clicked_ones() -> None:
    groups = group_impressions([seen("abcd", ordered="cb"), seen("e"), seen("x")], ROWS, CAPS)
    assert (groups.clicked_mask | ~groups.ordered_mask).all()


def test_no_examples_give_empty_arrays_of_the_right_width() -> None:
    groups = group_impressions([], ROWS, CAPS)
    assert groups.clicked.shape == (0, 2)
    assert groups.unclicked_mask.shape == (0, 4)
