"""What a catalogue alone says: names, attributes, and what titles agree on."""

from itertools import product

import pytest

from multigrain.key_terms import TermSource
from multigrain.types import Item
from tests.builders import an_item
from tests.unit.trainer.key_term_shops import confidence, many, said
from trainer.data.key_terms import build_key_terms


def coloured(words: str, colour: str, *, first: int, count: int = 40, **facts: object) -> list[Item]:
    return many(words, count, first=first, attributes={"colour": colour}, **facts)


COLOURS = {"red": "红色", "blue": "蓝色", "green": "绿色", "black": "黑色"}
THINGS = {"running shoes": "跑步鞋", "basketball shoes": "篮球鞋", "tent": "帐篷", "yoga mat": "瑜伽垫"}
BRANDS, STYLES = ("adidas", "nike", "puma", "asics"), ("经典", "新款", "优雅")
# Everything in every colour, of every brand and style. Nobody but the titles knows what 红色 is.
CHINESE_SHOP = [
    an_item(
        number,
        title=f"{BRANDS[number // 16 % 4]} {STYLES[number % 3]} {COLOURS[colour]} {THINGS[thing]} v{number}",
        brand=BRANDS[number // 16 % 4],
        category_path=("sports", "all", thing),
        attributes={"colour": colour},
    )
    for number, (colour, thing) in enumerate(product(list(COLOURS) * 12, THINGS))
]


def test_values_of_attributes_are_said_by_their_names() -> None:
    items = many("shoe {}", 5, first=1, attributes={"size": "Extra Large"})
    assert said(build_key_terms(items), "extra large") == {("attribute", "size", "Extra Large")}


@pytest.mark.parametrize(
    "values",
    [
        ["serial a1", "serial b2", "serial c3", "serial d4"] * 2,
        ["a sentence that goes on and on, as sellers write them into a field that was meant for less"] * 8,
        ["42", "43.5"] * 4,
        ["yes", "No"] * 4,
    ],
    ids=["mostly unique", "free text", "numbers", "yes and no"],
)
def test_such_values_make_no_terms(values: list[str]) -> None:
    numbered = enumerate(values, start=1)
    items = [an_item(number, title=f"shoe {number}", attributes={"x": value}) for number, value in numbered]
    assert not [term for term in build_key_terms(items) if term.kind == "attribute"]


def test_a_value_of_few_items_makes_no_term() -> None:
    items = [
        *many("shoe {}", 8, first=1, attributes={"colour": "black"}),
        *many("shoe {}", 2, first=11, attributes={"colour": "blakc"}),
    ]
    assert [term.value for term in build_key_terms(items) if term.kind == "attribute"] == ["black"]


def test_titles_tell_what_a_colour_is_called_in_their_language() -> None:
    terms = build_key_terms(CHINESE_SHOP)
    assert said(terms, "红 色") == {("attribute", "colour", "red")}
    assert {term.source for term in terms if term.words == ("红", "色")} == {TermSource.TITLES}


def test_titles_tell_what_a_category_is_called() -> None:
    terms = build_key_terms(CHINESE_SHOP)
    assert said(terms, "跑 步 鞋") == {("category", "", "sports/all/running shoes")}
    assert said(terms, "帐 篷") == {("category", "", "sports/all/tent")}


def test_what_is_said_of_everything_means_nothing() -> None:
    terms = build_key_terms(CHINESE_SHOP)
    assert not said(terms, "经 典") | said(terms, "新 款") | said(terms, "优 雅")


def test_a_piece_of_a_name_is_no_name() -> None:
    words = {" ".join(term.words) for term in build_key_terms(CHINESE_SHOP)}
    assert not words & {"跑 步", "步 鞋", "篮 球"}


def test_a_detail_that_stands_beside_the_name_does_not_mean_it() -> None:
    # All that is 'plush' is for children, and each such title says 'kids', so nobody needs plush to say that.
    items = [
        *many("kids plush bear {}", 60, first=1, attributes={"for": "kids"}),
        *many("kids wooden train {}", 60, first=101, attributes={"for": "kids"}),
        *many("lamp {}", 400, first=1001, category_path=("home", "lighting", "lamp"), attributes={"for": "all"}),
    ]
    assert ("attribute", "for", "kids") not in said(build_key_terms(items), "plush")


def test_what_titles_seldom_say_of_a_value_is_no_name_of_it() -> None:
    # 30 of 1,000 red items: below one in twenty.
    items = [
        *coloured("wide toe shoe {}", "red", first=1, count=30),
        *coloured("shoe {}", "red", first=101, count=970),
        *coloured("shoe {}", "blue", first=2001, count=3000),
    ]
    assert not said(build_key_terms(items), "wide toe")


def test_one_title_in_thirty_sizes_is_one_witness() -> None:
    facts = {"title": "ultra boost", "category_path": ("sports", "shoes", "racers")}
    same = [an_item(number, **facts) for number in range(1, 41)]
    others = many("lamp {}", 400, first=1001, category_path=("home", "lighting", "lamp"))
    assert not said(build_key_terms([*same, *others]), "ultra boost")


def test_a_term_does_not_hide_another_kind_that_stands_inside_of_it() -> None:
    items = [
        *many("adidas 红色 鞋 {}", 60, first=1, attributes={"colour": "red"}),
        *many("nike 红色 鞋 {}", 60, first=101, brand="nike", attributes={"colour": "red"}),
        *many("nike 蓝色 鞋 {}", 400, first=201, brand="nike", attributes={"colour": "blue"}),
    ]
    terms = build_key_terms(items)
    assert said(terms, "红 色") == {("attribute", "colour", "red")}
    assert [term.words for term in terms if "adidas" in term.words] == [("adidas",)]


def test_what_goes_without_saying_may_stand_inside() -> None:
    sneakers, toys = ("kids", "shoes", "sneakers"), ("kids", "toys", "blocks")
    items = [
        *many("儿童运动鞋 {}", 60, first=1, category_path=sneakers, attributes={"for": "kids"}),
        *many("儿童 积木 {}", 60, first=101, category_path=toys, attributes={"for": "kids"}),
        *many("lamp {}", 400, first=1001, category_path=("home", "lighting", "lamp")),
    ]
    terms = build_key_terms(items)
    assert said(terms, "儿 童") == {("attribute", "for", "kids")}
    assert said(terms, "儿 童 运 动 鞋") == {("category", "", "kids/shoes/sneakers")}


def test_a_brand_that_most_titles_do_not_mean_makes_no_rule_yet() -> None:
    items = [
        *many("case for apple phones {}", 60, first=1, brand="spigen"),
        *many("apple phone {}", 40, first=101, brand="apple"),
    ]
    assert confidence(build_key_terms(items), "apple") < 0.6
    assert confidence(build_key_terms(items), "spigen") >= 0.6


def test_the_same_catalogue_gives_the_same_terms_in_the_same_order() -> None:
    assert build_key_terms(CHINESE_SHOP) == build_key_terms(list(CHINESE_SHOP))
    assert set(build_key_terms(CHINESE_SHOP)) == set(build_key_terms(CHINESE_SHOP[::-1]))
