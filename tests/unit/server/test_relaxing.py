"""Giving demands up: what, in which order, and when not."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.types import Item
from server.fusion import WAYS
from server.relevance.policy import count_passing, passing
from server.relevance.relaxing import Kind, Standard, clauses_of, held_to, relaxed, without
from server.relevance.rule import Case
from server.request import ChannelName, Filters, FusionKind, RelevanceMode
from server.result import Candidates, Hits, Verdict
from server.understanding.intent import Demand, Intent
from tests.builders import an_item
from tests.unit.server.shelf import columns_of

FILL = RelevanceMode.FILL
STATED = {"colour": ("red", "blue"), "size": ("s", "m"), "material": ("leather", "wool")}
SHOES, DRESSES = ("sports", "shoes"), ("fashion", "dresses")


def demand(value: str, confidence: float = 0.9, *, name: str = "") -> Demand:
    return Demand(value=value, name=name, confidence=confidence, words=(value,))


RED, BLUE = demand("red", name="colour"), demand("blue", name="colour")
LEATHER = demand("leather", 0.7, name="material")
SMALL = demand("s", 0.95, name="size")
ADIDAS, PUMA = demand("adidas"), demand("puma")
IN_SHOES = demand("sports/shoes")


def shelf(*kinds: tuple[int, str, dict[str, str]]) -> list[Item]:
    """So many shoes of this brand that state this."""
    stated = [(brand, attributes) for count, brand, attributes in kinds for _ in range(count)]
    return [
        an_item(number, brand=brand, attributes=attributes, category_path=SHOES)
        for number, (brand, attributes) in enumerate(stated, 1)
    ]


def case(items: list[Item], **demands: tuple[Demand, ...]) -> Case:
    """Titles hold their item's id: a demanded word is an id."""
    holders = {
        one.value: np.array([n for n, item in enumerate(items, 1) if one.value == item.item_id], np.int64)
        for one in demands.get("words", ())
    }
    return Case(columns=columns_of(*items), intent=Intent(**demands), filters=Filters(), holders=holders)


def kept_by(standard: Standard) -> list[int]:
    return [int(item_no) for page in passing(standard.case, FILL) for item_no in page]


def test_enough_items_and_nothing_is_given_up() -> None:
    asked = case(shelf((5, "adidas", {"colour": "red"})), brands=(ADIDAS,), attributes=(RED,))
    assert relaxed(asked, FILL, 5).given_up == ()


def test_the_colour_goes_before_every_other_demand() -> None:
    items = shelf((2, "adidas", {"colour": "red", "size": "s"}), (9, "adidas", {"colour": "blue", "size": "s"}))
    asked = case(items, brands=(ADIDAS,), attributes=(SMALL, RED), categories=(IN_SHOES,))
    standard = relaxed(asked, FILL, 5)
    assert standard.given_up == ("colour red",)
    assert standard.case.intent == Intent(brands=(ADIDAS,), attributes=(SMALL,), categories=(IN_SHOES,))


@pytest.mark.parametrize("name", ["colour", "color", "Colour", "颜色"])
def test_a_colour_is_known_by_the_names_that_shops_give_it(name: str) -> None:
    order = clauses_of(Intent(attributes=(demand("xl", 0.1, name="size"), demand("red", 0.99, name=name))))
    assert [clause.kind for clause in order] == [Kind.COLOUR, Kind.ATTRIBUTE]


def test_the_order_is_colour_then_the_least_sure_attribute_then_words_then_the_brand() -> None:
    words = (demand("v4032", 0.9), demand("2024", 0.6))
    order = clauses_of(Intent(brands=(ADIDAS,), words=words, attributes=(SMALL, LEATHER, RED)))
    told = [line for clause in order for line in clause.told()]
    assert told == ["colour red", "material leather", "size s", "word 2024", "word v4032", "brand adidas"]


def test_values_of_one_kind_go_together() -> None:
    items = shelf((1, "adidas", {"colour": "red"}), (9, "adidas", {"colour": "green"}))
    assert relaxed(case(items, attributes=(RED, BLUE)), FILL, 5).given_up == ("colour red", "colour blue")
    assert relaxed(case(items, brands=(PUMA, demand("nike"))), FILL, 5).given_up == ("brand puma", "brand nike")


def test_what_was_given_up_in_vain_is_taken_back() -> None:
    # No puma at all: without the colour there is none either, and without the brand there are red ones enough.
    items = shelf((6, "adidas", {"colour": "red"}), (6, "adidas", {"colour": "blue"}))
    assert relaxed(case(items, brands=(PUMA,), attributes=(RED,)), FILL, 5).given_up == ("brand puma",)


def test_out_of_reach_as_many_as_can_be_had_are_for_the_fewest_demands() -> None:
    items = shelf((1, "adidas", {"colour": "red"}), (3, "adidas", {"colour": "blue"}))
    standard = relaxed(case(items, brands=(ADIDAS,), attributes=(RED,)), FILL, 20)
    assert standard.given_up == ("colour red",), "the brand brings nothing: all are of it"
    assert len(kept_by(standard)) == 4


def test_where_nothing_is_gained_nothing_is_given_up() -> None:
    items = shelf((3, "adidas", {"colour": "red"}))
    standard = relaxed(case(items, brands=(ADIDAS,), attributes=(RED,)), FILL, 20)
    assert (standard.given_up, standard.case) == ((), standard.asked)


def test_category_and_exclusions_are_never_given_up() -> None:
    items = shelf((3, "adidas", {}), (9, "nike", {}))
    asked = case(items, categories=(demand("fashion/dresses"),), without_brands=(demand("nike"),))
    assert relaxed(asked, FILL, 20).given_up == ()
    asked = case(items, brands=(PUMA,), without_brands=(demand("nike"),))
    assert len(kept_by(relaxed(asked, FILL, 20))) == 3


@pytest.mark.parametrize("mode", [RelevanceMode.STRICT, RelevanceMode.DEMOTE, RelevanceMode.OFF])
def test_other_modes_give_nothing_up(mode: RelevanceMode) -> None:
    items = shelf((1, "adidas", {"colour": "red"}), (9, "adidas", {"colour": "blue"}))
    assert relaxed(case(items, attributes=(RED,)), mode, 5).given_up == ()


def test_a_word_and_a_brand_of_one_name_are_two_demands() -> None:
    items = shelf((9, "sku-1", {}))
    standard = relaxed(case(items, brands=(demand("sku-1"),), words=(demand("sku-1"),)), FILL, 5)
    assert standard.given_up == ("word sku-1",)
    assert standard.case.intent.brand_names == ("sku-1",)


def candidates(*item_nos: int) -> Candidates:
    hits = Hits(np.array(item_nos, np.int64), np.linspace(1, 0, len(item_nos), dtype=np.float32))
    return WAYS[FusionKind.RECIPROCAL_RANK]([(ChannelName.VECTOR, hits)], {ChannelName.VECTOR: 1.0})


def test_what_meets_every_demand_comes_first_and_the_others_say_what_they_miss() -> None:
    items = shelf((2, "adidas", {"colour": "blue"}), (1, "adidas", {"colour": "red"}), (1, "nike", {"colour": "red"}))
    standard = relaxed(case(items, brands=(ADIDAS,), attributes=(RED,)), FILL, 3)
    judged = held_to(standard, candidates(1, 2, 3, 4), FILL)
    assert judged.kept.item_nos.tolist() == [3, 1, 2]
    assert judged.kept_verdicts.tolist() == [Verdict.KEPT, Verdict.ATTRIBUTE, Verdict.ATTRIBUTE]
    assert (judged.dropped.item_nos.tolist(), judged.dropped_verdicts.tolist()) == ([4], [Verdict.BRAND])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rng = random.Random(draw(st.integers(0, 10_000)))
    items = [
        an_item(
            number,
            brand=rng.choice(("adidas", "puma", "nike", "")),
            category_path=rng.choice((SHOES, DRESSES)),
            stock=rng.choice((0, 5, 5, 5)),
            attributes={
                name: rng.choice(values)
                for name, values in (
                    ("colour", ("red", "blue")),
                    ("size", ("s", "m")),
                    ("material", ("leather", "wool")),
                )
                if rng.random() < 0.8
            },
        )
        for number in range(1, rng.randint(2, 60))
    ]

    def some(*of: Demand) -> tuple[Demand, ...]:
        return tuple(one for one in of if draw(st.booleans()))

    return case(
        items,
        brands=some(ADIDAS, PUMA),
        categories=some(IN_SHOES),
        attributes=some(RED, BLUE, LEATHER, SMALL),
        words=some(demand("sku-1"), demand("sku-2", 0.5)),
        without_brands=some(demand("nike")),
    )


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(0, 30))
def test_whatever_the_case_less_is_demanded_and_never_more_than_is_needed(asked: Case, floor: int) -> None:
    standard = relaxed(asked, FILL, floor)
    assert standard == relaxed(asked, FILL, floor)
    before, after = {n for page in passing(asked, FILL) for n in page.tolist()}, set(kept_by(standard))
    assert before <= after
    told = [line for clause in clauses_of(asked.intent) for line in clause.told()]
    assert [line for line in told if line in standard.given_up] == list(standard.given_up), "in the order of giving up"
    assert standard.case.intent.categories == asked.intent.categories
    assert standard.case.intent.without_brands == asked.intent.without_brands
    assert standard.case.filters == asked.filters
    # As many as all of it given up would bring, up to the floor.
    everything = count_passing(without(asked, clauses_of(asked.intent)), FILL, at_most=floor)
    assert min(len(after), floor) == max(everything, min(len(before), floor))
    # And each was needed: taken back alone, there are fewer.
    for clause in standard.gone:
        others = [one for one in standard.gone if one is not clause]
        assert count_passing(without(asked, others), FILL, at_most=floor) < min(len(after), floor)
