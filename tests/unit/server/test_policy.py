import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigrain.catalog.columns import CatalogueColumns
from multigrain.types import ItemStatus
from server.relevance.policy import count_passing, judge, verdicts_of
from server.relevance.push_down import push_down
from server.relevance.rule import Case
from server.request import Filters, RelevanceMode
from server.result import Candidates, Verdict
from server.understanding.intent import Demand, Intent
from tests.builders import an_item
from tests.unit.server.shelf import columns_of

SHOES, DRESSES = ("sports", "shoes"), ("fashion", "dresses")
FILL, STRICT, DEMOTE, OFF = RelevanceMode.FILL, RelevanceMode.STRICT, RelevanceMode.DEMOTE, RelevanceMode.OFF


def demand(value: str) -> Demand:
    return Demand(value=value, confidence=0.9, words=(value,))


def intent(*, brands: tuple[str, ...] = (), categories: tuple[str, ...] = ()) -> Intent:
    return Intent(brands=tuple(map(demand, brands)), categories=tuple(map(demand, categories)))


def case(columns: CatalogueColumns, wants: Intent | None = None, filters: Filters | None = None) -> Case:
    return Case(columns=columns, intent=wants or Intent(), filters=filters or Filters())


def verdicts(judged: Case, *item_nos: int, mode: RelevanceMode = STRICT) -> list[Verdict]:
    return [Verdict(int(verdict)) for verdict in verdicts_of(judged, np.array(item_nos, np.int64), mode)]


def candidates(*item_nos: int) -> Candidates:
    """In this order, best first."""
    count = len(item_nos)
    return Candidates(
        item_nos=np.array(item_nos, np.int64),
        scores=np.linspace(1, 0.5, count, dtype=np.float32),
        channels=np.full(count, 2, np.uint32),
        ranks=np.arange(1, count + 1, dtype=np.int32).reshape(1, count),
    )


def test_sold_out_and_inactive_items_are_dropped_by_status() -> None:
    shelf = columns_of(
        an_item(1), an_item(2, stock=0), an_item(3, status=ItemStatus.INACTIVE), an_item(4, status=ItemStatus.REMOVED)
    )
    assert verdicts(case(shelf), 1, 2, 3, 4) == [Verdict.KEPT, Verdict.STATUS, Verdict.STATUS, Verdict.STATUS]


@pytest.mark.parametrize("mode", list(RelevanceMode))
def test_an_item_that_the_catalogue_does_not_know_is_dropped_in_every_mode(mode: RelevanceMode) -> None:
    judged = case(columns_of(an_item(1)))
    unknown = [Verdict.UNKNOWN_ITEM] * 4
    assert verdicts(judged, 0, 2, -1, 2**62, mode=mode) == unknown
    assert verdicts(case(columns_of()), 0, 1, -1, 7, mode=mode) == unknown


def test_another_brand_than_demanded_is_dropped_by_brand() -> None:
    shelf = columns_of(an_item(1, brand="adidas"), an_item(2, brand="nike"), an_item(3, brand=""))
    wants = intent(brands=("adidas",))
    assert verdicts(case(shelf, wants), 1, 2, 3) == [Verdict.KEPT, Verdict.BRAND, Verdict.BRAND]


def test_any_of_the_demanded_brands_passes() -> None:
    shelf = columns_of(an_item(1, brand="adidas"), an_item(2, brand="nike"), an_item(3, brand="puma"))
    wants = intent(brands=("adidas", "nike"))
    assert verdicts(case(shelf, wants), 1, 2, 3) == [Verdict.KEPT, Verdict.KEPT, Verdict.BRAND]


def test_brand_and_category_must_both_be_met() -> None:
    shelf = columns_of(
        an_item(1, brand="adidas", category_path=SHOES),
        an_item(2, brand="adidas", category_path=DRESSES),
        an_item(3, brand="nike", category_path=SHOES),
        an_item(4, brand="nike", category_path=DRESSES),
    )
    wants = intent(brands=("adidas",), categories=("sports/shoes",))
    # Item 4 fails both; the first rule in the order gives the verdict.
    expected = [Verdict.KEPT, Verdict.CATEGORY, Verdict.BRAND, Verdict.CATEGORY]
    assert verdicts(case(shelf, wants), 1, 2, 3, 4) == expected


def test_a_category_takes_what_is_below_it_and_not_what_only_begins_like_it() -> None:
    shelf = columns_of(
        an_item(1, category_path=("sports", "shoes", "running")), an_item(2, category_path=("sports", "shoes care"))
    )
    assert verdicts(case(shelf, intent(categories=("sports/shoes",))), 1, 2) == [Verdict.KEPT, Verdict.CATEGORY]


def test_a_demand_that_the_catalogue_does_not_know_is_met_by_nothing() -> None:
    shelf = columns_of(an_item(1))
    assert verdicts(case(shelf, intent(brands=("gucci",))), 1) == [Verdict.BRAND]
    assert verdicts(case(shelf, intent(categories=("toys",))), 1) == [Verdict.CATEGORY]
    assert verdicts(case(shelf, filters=Filters(shops=("no such shop",))), 1) == [Verdict.FILTER]


def test_filters_hold_on_brand_category_name_shop_and_both_ends_of_the_price() -> None:
    shelf = columns_of(
        an_item(1, brand="nike", price=9.99, shop="a", category_path=("sports", "shoes", "running shoes")),
        an_item(2, brand="adidas", price=20, shop="b", category_path=DRESSES),
    )
    kept, out = Verdict.KEPT, Verdict.FILTER
    for filters, expected in [
        (Filters(brands=("nike",)), [kept, out]),
        (Filters(categories=("running shoes",)), [kept, out]),
        (Filters(shops=("a", "c")), [kept, out]),
        (Filters(max_price=9.99), [kept, out]),
        (Filters(min_price=9.99), [kept, kept]),
        (Filters(min_price=10), [out, kept]),
        (Filters(min_price=10, max_price=19), [out, out]),
        (Filters(brands=("nike",), shops=("b",)), [out, out]),
    ]:
        assert verdicts(case(shelf, filters=filters), 1, 2) == expected, filters


def test_a_price_that_is_no_number_passes_no_price_filter() -> None:
    shelf = columns_of(an_item(1, price=float("nan")))
    assert verdicts(case(shelf, filters=Filters(min_price=0)), 1) == [Verdict.FILTER]
    assert verdicts(case(shelf, filters=Filters(max_price=10)), 1) == [Verdict.FILTER]


def test_off_makes_no_demand_but_status_and_filters_still_hold() -> None:
    shelf = columns_of(an_item(1, brand="nike"), an_item(2, stock=0), an_item(3, brand="puma", price=500))
    judged = case(shelf, intent(brands=("adidas",)), Filters(max_price=200))
    assert verdicts(judged, 1, 2, 3, mode=OFF) == [Verdict.KEPT, Verdict.STATUS, Verdict.FILTER]


def test_strict_parts_the_candidates_and_keeps_their_order_and_columns() -> None:
    shelf = columns_of(an_item(1, brand="nike"), an_item(2, brand="adidas"), an_item(3, brand="adidas"))
    judgement = judge(case(shelf, intent(brands=("adidas",))), candidates(3, 1, 9, 2), STRICT)
    assert judgement.kept.item_nos.tolist() == [3, 2]
    assert judgement.kept.ranks.tolist() == [[1, 4]]
    assert judgement.dropped.item_nos.tolist() == [1, 9]
    assert judgement.dropped_verdicts.tolist() == [Verdict.BRAND, Verdict.UNKNOWN_ITEM]


def test_demote_puts_what_misses_a_demand_behind_everything_that_meets_them_all() -> None:
    shelf = columns_of(an_item(1, brand="nike"), an_item(2, brand="adidas"), an_item(3, stock=0), an_item(4, brand=""))
    judgement = judge(case(shelf, intent(brands=("adidas",))), candidates(1, 3, 4, 2), DEMOTE)
    assert judgement.kept.item_nos.tolist() == [2, 1, 4]
    assert judgement.kept_verdicts.tolist() == [Verdict.KEPT, Verdict.BRAND, Verdict.BRAND]
    assert judgement.dropped.item_nos.tolist() == [3]


def test_passing_items_of_the_whole_catalogue_are_counted() -> None:
    shelf = columns_of(*(an_item(n, brand="adidas" if n % 3 == 0 else "nike") for n in range(1, 31)))
    assert count_passing(case(shelf, intent(brands=("adidas",))), FILL, at_most=100) == 10
    assert count_passing(case(shelf), FILL, at_most=30) == 30
    assert count_passing(case(shelf), FILL, at_most=7) == 7


items = st.builds(
    lambda n, brand, path, stock, status: an_item(n, brand=brand, category_path=path, stock=stock, status=status),
    n=st.integers(1, 99),
    brand=st.sampled_from(["adidas", "nike", ""]),
    path=st.sampled_from([SHOES, DRESSES, ("sports",)]),
    stock=st.integers(0, 2),
    status=st.sampled_from(list(ItemStatus)),
)


@given(st.lists(items, max_size=12), st.sampled_from([(), ("adidas",), ("adidas", "nike")]), st.booleans())
def test_columns_decide_as_one_item_at_a_time_would(shelf: list, brands: tuple[str, ...], shoes: bool) -> None:
    wants = intent(brands=brands, categories=("sports/shoes",) if shoes else ())
    expected = [
        item.status is ItemStatus.ACTIVE
        and item.stock > 0
        and (not brands or item.brand in brands)
        and (not shoes or item.category_path[:2] == SHOES)
        for item in shelf
    ]
    found = verdicts(case(columns_of(*shelf), wants), *range(1, len(shelf) + 1))
    assert [verdict is Verdict.KEPT for verdict in found] == expected


def test_what_is_pushed_down_never_drops_what_the_policy_keeps() -> None:
    wants, filters = intent(brands=("adidas",)), Filters(brands=("nike",), categories=("shoes",), shops=("shop-1",))
    only = push_down(case(columns_of(an_item(1)), wants, filters))
    assert only.brands == ("adidas",)
    assert only.categories == ()
    assert only.shops == ("shop-1",)
    assert only.statuses == (1,)
