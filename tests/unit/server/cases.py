"""Cases of relevance control, random ones too, and the same rules told one item at a time, as plainly as possible."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from multigrain.catalog.columns import CatalogueColumns
from multigrain.text.findable import findable
from multigrain.types import Item, ItemStatus
from server.relevance.rule import Case
from server.request import Filters, RelevanceMode
from server.result import Verdict
from server.understanding.intent import Demand, Intent
from tests.builders import an_item
from tests.unit.server.shelf import columns_of


def demand(value: str, name: str = "") -> Demand:
    return Demand(value=value, name=name, confidence=0.9, words=(value,))


def demands(*values: str) -> tuple[Demand, ...]:
    return tuple(map(demand, values))


def an_intent(
    *,
    brands: Sequence[str] = (),
    categories: Sequence[str] = (),
    attributes: Sequence[tuple[str, str]] = (),
    words: Sequence[str] = (),
    without_brands: Sequence[str] = (),
    without_categories: Sequence[str] = (),
) -> Intent:
    """Demands by their values alone; attributes by name and value."""
    return Intent(
        brands=demands(*brands),
        categories=demands(*categories),
        attributes=tuple(demand(value, name) for name, value in attributes),
        words=demands(*words),
        without_brands=demands(*without_brands),
        without_categories=demands(*without_categories),
    )


def a_case(items: Sequence[Item], intent: Intent | None = None, filters: Filters | None = None) -> Case:
    """The first item is number 1. The holders of demanded words are looked for here, title by title."""
    return case_on(columns_of(*items), items, intent, filters)


def case_on(
    columns: CatalogueColumns, items: Sequence[Item], intent: Intent | None = None, filters: Filters | None = None
) -> Case:
    wanted = intent or Intent()
    holders = {
        one.value: np.array(
            [number for number, item in enumerate(items, 1) if one.value in findable(item.title)], np.int64
        )
        for one in wanted.words
    }
    return Case(columns=columns, intent=wanted, filters=filters or Filters(), holders=holders)


def naive_failures(item: Item, intent: Intent, filters: Filters, paths: set[str], mode: RelevanceMode) -> list[Verdict]:
    """Every rule that the item fails, in the order of verdicts. `paths`: every path of the catalogue, and those above
    them, joined."""
    path = "/".join(item.category_path)

    def is_in(categories: Sequence[str]) -> bool:
        for category in categories:
            if category in paths:
                if path == category or path.startswith(category + "/"):
                    return True
            elif category in path.split("/") or category in item.category_path:
                return True
        return False

    def values(kind: tuple[Demand, ...]) -> list[str]:
        return [one.value for one in kind]

    failed = []
    if item.status is not ItemStatus.ACTIVE or item.stock <= 0:
        failed.append(Verdict.STATUS)
    if (
        (filters.brands and item.brand not in filters.brands)
        or (filters.shops and item.shop not in filters.shops)
        or (filters.categories and not is_in(filters.categories))
        or (filters.min_price is not None and not item.price >= filters.min_price)
        or (filters.max_price is not None and not item.price <= filters.max_price)
    ):
        failed.append(Verdict.FILTER)
    if mode is RelevanceMode.OFF:
        return failed
    if item.brand in values(intent.without_brands) or is_in(values(intent.without_categories)):
        failed.append(Verdict.EXCLUDED)
    if intent.categories and not is_in(values(intent.categories)):
        failed.append(Verdict.CATEGORY)
    if intent.brands and item.brand not in values(intent.brands):
        failed.append(Verdict.BRAND)
    for name in {one.name for one in intent.attributes}:
        stated = item.attributes.get(name, "")
        if 0 < len(stated.encode()) <= 64 and stated not in [
            one.value for one in intent.attributes if one.name == name
        ]:
            failed.append(Verdict.ATTRIBUTE)
            break
    if not all(word in findable(item.title) for word in values(intent.words)):
        failed.append(Verdict.WORD)
    return failed


def paths_of(items: Sequence[Item]) -> set[str]:
    """Every category path of these, and every one above."""
    joined = ["/".join(item.category_path).split("/") for item in items]
    return {"/".join(names[:depth]) for names in joined for depth in range(1, len(names) + 1)}


BRANDS = ["adidas", "nike", "", 'a"b\\', "耐克"]
PATHS = [
    ("sports",),
    ("sports", "shoes"),
    ("sports", "shoes", "running"),
    ("sports", "shoes care"),
    ("home", "shoes"),
    ("a/b", "c"),
    ("a", "b", "d"),
]
CATEGORIES = ["sports", "sports/shoes", "shoes", "running", "a/b", "b", "c", "toys", "home"]
WORDS = ["red", "v4032", "鞋", "nosuchword"]
SHOPS = ["shop-1", "shop-2", "x' or '1' == '1"]

random_items = st.lists(
    st.builds(
        lambda number, **fields: an_item(number, **fields),
        st.integers(1, 99),
        title=st.lists(st.sampled_from([*WORDS[:3], "shoes"]), min_size=1, max_size=3).map(" ".join),
        brand=st.sampled_from(BRANDS),
        category_path=st.sampled_from(PATHS),
        shop=st.sampled_from(SHOPS),
        price=st.sampled_from([0.0, 9.5, 10.0, 99.0]),
        stock=st.sampled_from([0, 1, 2, 3]),
        status=st.sampled_from([*[ItemStatus.ACTIVE] * 4, ItemStatus.INACTIVE, ItemStatus.REMOVED]),
        attributes=st.dictionaries(
            st.sampled_from(["colour", "size", "颜色"]), st.sampled_from(["red", "blue", "42"]), max_size=3
        ),
    ),
    max_size=14,
)


def _some(values: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    # Nothing, more often than not: where every kind is demanded, hardly an item is left to tell right from wrong.
    nothing = st.just(())
    return st.one_of(
        nothing, nothing, nothing, st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True).map(tuple)
    )


random_intents = st.builds(
    an_intent,
    brands=_some([*BRANDS, "gucci"]),
    categories=_some(CATEGORIES),
    attributes=st.lists(
        st.tuples(st.sampled_from(["colour", "size", "颜色", "weight"]), st.sampled_from(["red", "blue", "green"])),
        max_size=3,
    ),
    words=_some(WORDS),
    without_brands=_some([*BRANDS, "gucci"]),
    without_categories=_some(CATEGORIES),
)
random_filters = st.builds(
    Filters,
    brands=_some([*BRANDS, "gucci"]),
    categories=_some(CATEGORIES),
    shops=_some([*SHOPS, "no such shop"]),
    min_price=st.none() | st.just(9.5),
    max_price=st.none() | st.just(10.0),
)
