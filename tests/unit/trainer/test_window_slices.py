"""A search is in the slice of the one window that knows its brand."""

from dataclasses import replace

from multigrain.features.windows import Windows
from multigrain.text.analyzer import analyze
from multigrain.types import Action, BehaviorColumns, UserId
from tests.builders import a_behavior, an_item
from trainer.data.example import Example
from trainer.evaluation.window_slices import slices_of, withhold

NIKE = an_item(1, brand="nike", category_path=("sports", "shoes"))
ITEMS = {NIKE.item_id: NIKE}


def rows(brand: str, top: str = "sports") -> BehaviorColumns:
    return BehaviorColumns.of([replace(a_behavior("sku-9", brand=brand), top_category=top)])


def an_example(history: Windows) -> Example:
    return Example(
        search_id="s",
        user_id=UserId("u"),
        at_ms=0,
        query="shoes",
        grains=analyze("shoes"),
        clicked=(NIKE.item_id,),
        ordered=(),
        unclicked=(),
        history=history,
    )


def slice_names(history: Windows) -> list[str]:
    return [found.window for found in slices_of([an_example(history)], ITEMS) if found.rows == (0,)]


def test_the_window_that_alone_holds_the_brand_has_the_search() -> None:
    assert slice_names(Windows(realtime=rows("nike"))) == ["realtime"]
    assert slice_names(Windows(short=rows("nike"), realtime=rows("puma"))) == ["short"]
    assert slice_names(Windows(long={Action.ORDER: rows("nike")})) == ["long"]


def test_a_brand_in_two_windows_or_in_none_is_in_no_slice() -> None:
    assert slice_names(Windows(realtime=rows("nike"), short=rows("nike"))) == []
    assert slice_names(Windows(realtime=rows("puma"))) == []


def test_the_brand_in_another_top_category_tells_nothing() -> None:
    assert slice_names(Windows(realtime=rows("nike", top="home"))) == []


def test_withholding_takes_one_window_and_leaves_the_others() -> None:
    history = Windows(realtime=rows("a"), short=rows("b"), long={Action.CLICK: rows("c")})
    assert [len(withhold(history, name).realtime) for name in ("realtime", "short", "long")] == [0, 1, 1]
    assert [len(withhold(history, name).short) for name in ("realtime", "short", "long")] == [1, 0, 1]
    assert [sum(map(len, withhold(history, name).long.values())) for name in ("realtime", "short", "long")] == [1, 1, 0]
