"""What searches and their clicks say: how sure a demand is, other words for it, typing errors, model numbers."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from multigrain.key_terms import TermKind, TermSource
from tests.small_training import small_logs
from tests.unit.trainer.key_term_shops import clicks_of, confidence, many, said
from trainer.configs.config import RobotsConfig
from trainer.data.key_terms import build_key_terms
from trainer.data.key_terms.clicked import read_clicked
from trainer.data.logs import items_of

CONSOLES, GAMES, LAMPS = ("games", "gear", "consoles"), ("games", "discs", "action"), ("home", "lighting", "lamps")
SHOP = [
    *many("sony console {}", 30, first=1, brand="sony", category_path=CONSOLES, attributes={"colour": "black"}),
    *many("action disc {}", 30, first=101, brand="ubisoft", category_path=GAMES, attributes={"colour": "white"}),
    *many("lamp v{}", 60, first=1001, brand="philips", category_path=LAMPS, attributes={"colour": "white"}),
]


def test_a_demand_is_as_sure_as_people_honour_it() -> None:
    # 80 of 100 clicks are on the brand: (80 + 20 x 1.0) / (100 + 20).
    terms = build_key_terms(SHOP, clicks_of(SHOP, {"sony": {1: 50, 2: 30, 1001: 20}}))
    assert confidence(terms, "sony") == pytest.approx(100 / 120, abs=0.001)


def test_a_colour_that_people_do_not_insist_on_makes_no_rule() -> None:
    # 40 of 100, before clicks 0.8: (40 + 20 x 0.8) / (100 + 20).
    terms = build_key_terms(SHOP, clicks_of(SHOP, {"black lamps": {1: 40, 1001: 60}}))
    assert confidence(terms, "black") == pytest.approx(56 / 120, abs=0.001)


def test_without_clicks_the_confidence_stays() -> None:
    unasked = build_key_terms(SHOP, clicks_of(SHOP, {"lamps": {1001: 40}}))
    assert confidence(unasked, "sony") == confidence(build_key_terms(SHOP), "sony")


def test_attributes_are_less_sure_than_brands_and_categories() -> None:
    terms = build_key_terms(SHOP)
    assert confidence(terms, "black") < min(confidence(terms, "sony"), confidence(terms, "consoles"))


def test_clicks_on_any_shelf_of_the_name_honour_it() -> None:
    items = [
        *many("boot {}", 30, first=1, category_path=("men", "boots")),
        *many("boot {}", 30, first=101, category_path=("women", "boots")),
        *many("lamp v{}", 60, first=1001, category_path=LAMPS),
    ]
    terms = build_key_terms(items, clicks_of(items, {"boots": {1: 60, 101: 40}}))
    # All of 100, before clicks 0.9.
    assert confidence(terms, "boots") == pytest.approx((100 + 18) / 120, abs=0.001)


def test_a_word_that_no_title_has_means_the_category_that_its_clicks_are_in() -> None:
    terms = build_key_terms(SHOP, clicks_of(SHOP, {"ps5": {1: 60, 1001: 2}, "lamps": {1001: 200}}))
    assert said(terms, "ps5") == {("category", "", "games/gear/consoles")}
    (term,) = [term for term in terms if term.words == ("ps5",)]
    assert term.source is TermSource.CLICKS
    # 60 of 62, before clicks 0.5.
    assert term.confidence == pytest.approx((60 + 10) / 82, abs=0.001)


def test_a_wider_category_is_meant_where_clicks_go_to_all_of_it() -> None:
    terms = build_key_terms(SHOP, clicks_of(SHOP, {"gaming": {1: 90, 101: 10}, "lamps": {1001: 400}}))
    assert said(terms, "gaming") == {("category", "", "games")}


@pytest.mark.parametrize(
    ("chosen", "people"),
    [({1: 60, 101: 30, 1001: 30}, 50), ({1: 12}, 12), ({1: 60}, 2)],
    ids=["clicks everywhere", "few clicks", "two people"],
)
def test_such_clicks_say_nothing(chosen: dict[int, int], people: int) -> None:
    clicked = clicks_of(SHOP, {"ps5": chosen, "lamps": {1001: 400}}, people=people)
    assert not said(build_key_terms(SHOP, clicked), "ps5")


def test_what_stands_beside_a_known_word_is_not_learnt_from_its_clicks() -> None:
    clicked = clicks_of(SHOP, {"splendid lamps": {1001: 60}, "consoles": {1: 400}})
    assert not said(build_key_terms(SHOP, clicked), "splendid")


@pytest.mark.parametrize("typed", ["soyn", "sny", "sonny"])
def test_a_typing_error_means_the_brand_that_people_click(typed: str) -> None:
    terms = build_key_terms(SHOP, clicks_of(SHOP, {typed: {1: 20}}))
    assert ("brand", "", "sony") in said(terms, typed)
    assert {term.source for term in terms if term.words == (typed,)} == {TermSource.MISSPELLING}


def test_two_words_typed_as_one_are_the_category() -> None:
    items = [
        *many("a {}", 30, first=1, category_path=("sports", "running shoes")),
        *many("lamp v{}", 60, first=1001, category_path=LAMPS),
    ]
    terms = build_key_terms(items, clicks_of(items, {"runningshoes": {1: 20}, "runnin gshoes": {1: 20}}))
    wanted = {("category", "", "sports/running shoes")}
    assert said(terms, "runningshoes") == said(terms, "runnin gshoes") == wanted


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ("soyn", {1001: 20}),
        ("soyn", {1: 3}),
        ("lamp", {1: 20}),
        ("snoyy", {1: 20}),
        ("lmps", {1: 20}),
    ],
    ids=["clicks elsewhere", "few clicks", "a word of titles", "two errors in a short name", "clicks on another value"],
)
def test_such_words_are_no_typing_errors(query: str, chosen: dict[int, int]) -> None:
    terms = build_key_terms(SHOP, clicks_of(SHOP, {query: chosen}))
    assert not [term for term in terms if term.source is TermSource.MISSPELLING]


def test_a_model_number_must_stand_in_the_title_when_people_honour_it() -> None:
    terms = build_key_terms(SHOP, clicks_of(SHOP, {"lamp v1005": {1005: 12}}))
    (term,) = [term for term in terms if term.kind is TermKind.WORD]
    assert (term.value, term.words, term.confidence) == ("v1005", ("v1005",), 1.0)


def test_a_model_number_that_people_do_not_honour_is_no_demand() -> None:
    terms = build_key_terms(SHOP, clicks_of(SHOP, {"lamp v1005": {1005: 6, 1006: 6}}))
    assert not [term for term in terms if term.kind is TermKind.WORD]


def test_a_measure_is_no_model_number() -> None:
    items = many("lamp 500ml 4k v{}", 30, first=1)
    terms = build_key_terms(items, clicks_of(items, {"500ml": {1: 20}, "4k": {1: 20}}))
    assert not [term for term in terms if term.kind is TermKind.WORD]


def test_nothing_of_the_test_part_is_read(tmp_path: Path) -> None:
    logs = small_logs()
    items, robots = list(items_of(logs)), RobotsConfig()
    cut = sorted(logs.searches["at_ms"].to_pylist())[len(logs.searches) // 2]
    early = pa.compute.less(logs.searches["at_ms"], cut)
    then = replace(
        logs,
        searches=logs.searches.filter(early),
        events=logs.events.filter(pa.compute.less(logs.events["at_ms"], cut)),
    )
    whole = read_clicked(logs, tmp_path / "whole", items, robots, before_ms=cut)
    only_then = read_clicked(then, tmp_path / "then", items, robots, before_ms=logs.last_ms + 1)
    assert whole.queries == only_then.queries
    assert build_key_terms(items, whole) == build_key_terms(items, only_then)
    assert not (tmp_path / "whole").exists()


def test_robots_are_not_asked(tmp_path: Path) -> None:
    logs = small_logs()
    strict = RobotsConfig(searches_an_hour=1, actions_an_hour=1)
    clicked = read_clicked(logs, tmp_path / "s", list(items_of(logs)), strict, before_ms=logs.last_ms + 1)
    everyone = read_clicked(logs, tmp_path / "e", list(items_of(logs)), RobotsConfig(), before_ms=logs.last_ms + 1)
    assert clicked.clicks.sum() < everyone.clicks.sum()


def test_a_shop_where_nothing_was_chosen_keeps_what_the_catalogue_says() -> None:
    assert build_key_terms(SHOP, clicks_of(SHOP, {})) == build_key_terms(SHOP)
    assert build_key_terms([], clicks_of([], {})) == ()


def test_an_empty_log_is_no_error(tmp_path: Path) -> None:
    logs = small_logs()
    clicked = read_clicked(logs, tmp_path / "s", list(items_of(logs)), RobotsConfig(), before_ms=0)
    assert (len(clicked.queries), len(clicked.query)) == (0, 0)
