"""How searches are cut apart, by cases made by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from multigrain.features.windows import Windows
from multigrain.types import BehaviorColumns, Item
from tests.builders import a_behavior, an_item
from tests.unit.trainer.trials import a_trial, an_example
from trainer.evaluation.slices.dimension import Dimension
from trainer.evaluation.slices.dimensions import DIMENSIONS, slices
from trainer.evaluation.slices.frequency import FREQUENCY
from trainer.evaluation.slices.item import ITEM
from trainer.evaluation.slices.kind import KIND
from trainer.evaluation.slices.language import LANGUAGE
from trainer.evaluation.slices.length import LENGTH
from trainer.evaluation.slices.pool import POOL
from trainer.evaluation.slices.price import PRICE
from trainer.evaluation.slices.spelling import SPELLING
from trainer.evaluation.slices.user import USER
from trainer.evaluation.trial import within_category

SHOES = an_item(1, title="Adidas trail shoes", brand="Adidas", category_path=("sports", "running shoes"))
POT = an_item(2, title="炒锅 wok", brand="", category_path=("kitchen", "woks"))


def label(dimension: Dimension, query: str, items: Sequence[Item] = (SHOES, POT)) -> str:
    return dimension.labels(a_trial([an_example(query, "sku-1")], items))[0]


def test_head_and_torso_hold_a_third_of_the_searches_each() -> None:
    asked = {"shoes": 40, "boots": 30, "socks": 20, "laces": 10}
    queries = [*asked, "Shoes ", "sandals"]
    trial = a_trial([an_example(query, "sku-1") for query in queries], [SHOES], asked=asked)
    # 0 of 100 stand before shoes, 40 before boots, 70 before socks, 90 before laces.
    assert FREQUENCY.labels(trial) == ["head", "torso", "tail", "tail", "head", "unseen"]


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("ADIDAS", "brand"),
        ("cheap running shoes", "category"),
        ("adidas running shoes", "brand and category"),
        ("adidasrunning", "neither brand nor category"),
        ("something red", "neither brand nor category"),
    ],
)
def test_a_query_is_of_the_kind_that_its_words_name(query: str, kind: str) -> None:
    assert label(KIND, query) == kind


def test_without_brands_and_categories_no_query_is_of_a_kind() -> None:
    assert label(KIND, "adidas", [replace(SHOES, brand="", category_path=())]) == ""


@pytest.mark.parametrize(
    ("query", "length"),
    [("shoes", "one word"), ("red shoes", "2-3 words"), ("a b c d", "4-5 words"), ("a b c d e f", "6 words and more")],
)
def test_length_counts_words(query: str, length: str) -> None:
    assert label(LENGTH, query) == length


@pytest.mark.parametrize(
    ("query", "language"),
    [("shoes", "Latin and other"), ("炒锅", "CJK"), ("adidas 跑鞋", "mixed"), ("42", "no letters")],
)
def test_language_is_the_script(query: str, language: str) -> None:
    assert label(LANGUAGE, query) == language


@pytest.mark.parametrize(
    ("query", "spelling"),
    [
        ("trail shoes", "words of titles"),
        ("trial shoes", "probably a typo"),  # two neighbours swapped
        ("trai shoes", "probably a typo"),  # one missing
        ("traill", "probably a typo"),  # one too many
        ("trait", "probably a typo"),  # one wrong
        ("hammock", "a word of no title"),
        ("wek", "a word of no title"),  # too short to be told from other words
    ],
)
def test_a_typo_is_one_edit_from_a_word_of_a_title(query: str, spelling: str) -> None:
    assert label(SPELLING, query) == spelling


def test_users_are_cut_by_how_much_is_known_of_them() -> None:
    def history(count: int) -> Windows:
        return Windows(short=BehaviorColumns.of([a_behavior() for _ in range(count)]))

    examples = [an_example("q", "sku-1", history=history(count)) for count in (0, 1, 19, 20)]
    assert USER.labels(a_trial(examples, [SHOES])) == ["new", "light", "light", "heavy"]


def test_items_are_cut_by_their_clicks_before() -> None:
    items = [an_item(number) for number in (1, 2, 3, 4)]
    examples = [an_example("q", f"sku-{number}") for number in (1, 2, 3, 4)]
    labels = ITEM.labels(a_trial(examples, items, clicks={"sku-2": 1, "sku-3": 9, "sku-4": 10}))
    assert labels == ["never clicked", "1-9 clicks", "1-9 clicks", "10 clicks and more"]


def test_prices_are_cut_in_quarters_of_the_catalogue() -> None:
    items = [an_item(number, price=float(number)) for number in range(8)]
    examples = [an_example("q", f"sku-{number}") for number in (0, 1, 3, 5, 7)]
    labels = PRICE.labels(a_trial(examples, items))
    # Of the prices 1 to 7 the quartiles are 2.5, 4 and 5.5; a price of 0 is no price.
    assert labels == ["", "cheapest quarter", "second quarter", "third quarter", "dearest quarter"]


def test_searches_within_categories_are_cut_by_how_many_items_they_are_ranked_among() -> None:
    paths = [("a",)] * 5 + [("b",)] * 4
    items = [an_item(number, category_path=path) for number, path in enumerate(paths)]
    trial = a_trial([an_example("q", "sku-0"), an_example("r", "sku-8")], items)
    assert POOL.labels(trial) == ["", ""], "among all items"
    assert POOL.labels(within_category(trial)) == ["5 items and more", "fewer than 5 items"]


def test_every_search_is_in_all_and_a_dimension_of_one_slice_is_left_out() -> None:
    trial = a_trial([an_example("shoes", "sku-1"), an_example("red shoes", "sku-1")], [SHOES])
    found: Mapping[str, np.ndarray] = slices(trial)  # type: ignore[type-arg]  # of places
    assert next(iter(found)) == "all"
    assert found["all"].tolist() == [0, 1]
    assert found["length: one word"].tolist() == [0]
    assert not [name for name in found if name.startswith("language")]


def test_the_slices_of_a_dimension_share_no_search() -> None:
    examples = [
        an_example(query, "sku-1") for query in ("shoes", "adidas shoes", "炒锅", "trial shoes now please", "x")
    ]
    trial = a_trial(examples, [SHOES, POT], asked={"shoes": 3, "x": 1})
    for dimension in DIMENSIONS:
        places = [place for name, rows in slices(trial).items() if name.startswith(dimension.name) for place in rows]
        assert len(places) == len(set(places)), dimension.name
