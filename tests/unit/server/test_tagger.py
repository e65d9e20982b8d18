import gc
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from multigrain.key_terms import KeyTerm, TermKind
from multigrain.text.terms import terms_of
from server.understanding.guards import GUARDS
from server.understanding.tagger import Tagger


def brand(value: str, *words: str, confidence: float = 0.9) -> KeyTerm:
    return KeyTerm(kind=TermKind.BRAND, value=value, words=words or terms_of(value), confidence=confidence)


def category(value: str, *words: str, confidence: float = 0.9) -> KeyTerm:
    return KeyTerm(kind=TermKind.CATEGORY, value=value, words=words, confidence=confidence)


TAGGER = Tagger(
    [
        brand("nike"),
        brand("adidas"),
        brand("apple"),
        brand("阿迪达斯"),
        category("sports/shoes", "shoes"),
        category("sports/shoes/running shoes", "running", "shoes"),
        category("fashion/shoes", "shoes"),
        category("food/pies", "apple", "pie"),
        category("phones/cases", "case"),
    ]
)


def test_brand_and_category_are_recognised_whatever_the_case_and_punctuation() -> None:
    intent = TAGGER.understand("NIKE, Running-Shoes!")
    assert intent.brand_names == ("nike",)
    assert intent.category_paths == ("sports/shoes/running shoes",)


def test_longest_match_wins_and_its_words_are_used_once() -> None:
    intent = TAGGER.understand("apple pie")
    assert intent.brand_names == ()
    assert intent.category_paths == ("food/pies",)


def test_one_word_for_two_categories_demands_either() -> None:
    assert TAGGER.understand("shoes").category_paths == ("sports/shoes", "fashion/shoes")


def test_two_brands_demand_either() -> None:
    assert TAGGER.understand("nike adidas").brand_names == ("nike", "adidas")


def test_a_category_above_another_one_demanded_is_left_out() -> None:
    tagger = Tagger([category("sports", "sports"), category("sports/shoes", "shoes")])
    assert tagger.understand("sports shoes").category_paths == ("sports/shoes",)


def test_a_term_below_the_floor_makes_no_demand_but_uses_its_words_up() -> None:
    tagger = Tagger([brand("apple"), category("food/pies", "apple", "pie", confidence=0.2)])
    intent = tagger.understand("apple pie")
    assert (intent.brands, intent.categories) == ((), ())


def test_words_that_are_a_brand_and_a_category_go_to_the_surer_one() -> None:
    tagger = Tagger([brand("apple", confidence=0.7), category("food/apples", "apple", confidence=0.9)])
    intent = tagger.understand("apple")
    assert (intent.brand_names, intent.category_paths) == ((), ("food/apples",))


def test_words_that_are_equally_sure_both_demand_neither() -> None:
    tagger = Tagger([brand("apple", confidence=0.9), category("food/apples", "apple", confidence=0.9)])
    intent = tagger.understand("apple")
    assert (intent.brands, intent.categories) == ((), ())


@pytest.mark.parametrize(
    "query",
    [
        "running socks not nike",
        "without nike logo",
        "not from nike",
        "case for apple",
        "compatible with apple",
        "no nike",
    ],
)
def test_a_brand_that_is_spoken_of_and_not_asked_for_makes_no_demand(query: str) -> None:
    assert TAGGER.understand(query).brands == ()


def test_a_guard_does_not_reach_past_the_words_beside_it() -> None:
    assert TAGGER.understand("shoes for men nike").brand_names == ("nike",)
    assert TAGGER.understand("nike not adidas").brand_names == ("nike",)


def test_case_for_a_brand_still_demands_the_category() -> None:
    assert TAGGER.understand("case for apple").category_paths == ("phones/cases",)


def test_cjk_brand_is_found_inside_a_run_of_characters() -> None:
    assert TAGGER.understand("阿迪达斯运动鞋").brand_names == ("阿迪达斯",)
    assert TAGGER.understand("红色阿迪达斯").brand_names == ("阿迪达斯",)


@pytest.mark.parametrize(
    "query", ["不要阿迪达斯", "不要 阿迪达斯", "不要买阿迪达斯", "鞋带适用于阿迪达斯", "not 阿迪达斯"]
)
def test_a_cjk_brand_that_is_spoken_of_and_not_asked_for_makes_no_demand(query: str) -> None:
    assert TAGGER.understand(query).brands == ()


def test_a_cjk_guard_does_not_reach_past_the_characters_beside_it() -> None:
    assert TAGGER.understand("不要红色的阿迪达斯").brand_names == ("阿迪达斯",)


def test_a_cjk_term_is_not_put_together_across_a_space() -> None:
    tagger = Tagger([brand("小米")])
    assert tagger.understand("大小 米色").brands == ()
    assert tagger.understand("小米 手机").brand_names == ("小米",)


def test_a_term_of_one_character_is_found_only_as_a_word() -> None:
    tagger = Tagger([category("shoes", "鞋")])
    assert tagger.understand("红色鞋").category_paths == ("shoes",)
    assert tagger.understand("鞋").category_paths == ("shoes",)
    assert tagger.understand("鞋架").categories == ()


def test_a_hostile_query_costs_little() -> None:
    tagger = Tagger([category("shoes", "鞋"), brand("鞋鞋鞋鞋鞋鞋鞋鞋")])
    gc.collect()
    gc.disable()  # it would look at what all the other tests have left, and that takes longer than the query
    try:
        started = time.thread_time()
        tagger.understand("鞋" * 5000)
        took = time.thread_time() - started
    finally:
        gc.enable()
    # Asking the segmenter for each character anew would take seconds.
    assert took < 0.5


NAMES = ("手机壳", "百雀羚", "阿迪达斯", "连衣裙", "小米", "ナイキ", "나이키")
beside = st.one_of(
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=6),
    st.text(st.sampled_from("".join(NAMES) + "男女鞋新款"), max_size=6),
)


def guards(text: str) -> bool:
    return any(GUARDS.runs(terms_of(text)))


@given(st.sampled_from(NAMES), beside, beside)
def test_a_cjk_term_is_found_whatever_stands_beside_it(name: str, before: str, after: str) -> None:
    assume(not guards(before + after))
    assert Tagger([brand(name)]).understand(before + name + after).brand_names == (name,)


@given(st.lists(st.text(st.sampled_from("手机壳膜"), min_size=2, max_size=4), min_size=1, unique=True), beside, beside)
def test_a_cjk_term_is_lost_only_to_one_as_long_that_shares_characters(
    names: list[str], before: str, after: str
) -> None:
    wanted = names[0]
    assume(not guards(before + after))
    found = Tagger(map(brand, names)).understand(before + wanted + after).brand_names
    rivals = [name for name in found if len(name) >= len(wanted) and set(name) & set(wanted)]
    assert wanted in found or rivals


latin = st.text("abcxyz0189é", min_size=1, max_size=4)


@given(st.sampled_from(["apple", "nike", "3m"]), latin, latin)
def test_a_latin_term_is_never_found_inside_a_longer_word(name: str, before: str, after: str) -> None:
    tagger = Tagger([brand(name)])
    for word in (before + name, name + after, before + name + after):
        assert tagger.understand(f"red {word} shoes").brands == ()


@given(st.sampled_from(["apple", "nike", "3m"]), beside, beside)
def test_a_latin_term_is_found_between_cjk(name: str, before: str, after: str) -> None:
    assume(not guards(before + after))
    assert Tagger([brand(name)]).understand(before + name + after).brand_names == (name,)


@pytest.mark.parametrize("query", ["", "   ", "!!!", "🥿", "\x00", "unheard of words"])
def test_a_query_without_known_words_demands_nothing(query: str) -> None:
    intent = TAGGER.understand(query)
    assert (intent.brands, intent.categories) == ((), ())


def test_an_empty_dictionary_demands_nothing() -> None:
    assert Tagger([]).understand("nike shoes").brands == ()


def a_colour(value: str, confidence: float = 0.8) -> KeyTerm:
    return KeyTerm(kind=TermKind.ATTRIBUTE, value=value, words=terms_of(value), confidence=confidence, name="colour")


def demanded(tagger: Tagger, query: str) -> set[str]:
    intent = tagger.understand(query)
    return {demand.value for demand in (*intent.brands, *intent.categories, *intent.attributes, *intent.words)}


def test_an_attribute_is_demanded_by_its_name() -> None:
    (demand,) = Tagger([a_colour("red")]).understand("red shoes").attributes
    assert (demand.name, demand.value, demand.words) == ("colour", "red", ("red",))


def test_a_word_of_titles_is_demanded() -> None:
    word = KeyTerm(kind=TermKind.WORD, value="v4032", words=("v4032",), confidence=0.9)
    (demand,) = Tagger([word]).understand("pump V4032").words
    assert demand.value == "v4032"


def test_a_value_that_is_said_twice_counts_once_and_as_surely_as_it_is_said() -> None:
    other = KeyTerm(kind=TermKind.BRAND, value="nike", words=("swoosh",), confidence=0.99)
    (demand,) = Tagger([brand("nike"), other]).understand("nike swoosh nike").brands
    assert (demand.confidence, demand.words) == (0.99, ("swoosh",))


def test_a_department_named_after_people_widens_no_other_category_and_leaves_its_attribute() -> None:
    women = KeyTerm(kind=TermKind.ATTRIBUTE, value="women", words=("women",), confidence=0.9, name="gender")
    tagger = Tagger(
        [category("women", "women"), women, category("women/dresses", "dress"), category("sports/shoes", "shoes")]
    )
    assert demanded(tagger, "women") == {"women"}
    assert tagger.understand("women").category_paths == ("women",)
    assert tagger.understand("women dress").category_paths == ("women/dresses",)
    shoes = tagger.understand("shoes for women")
    assert (shoes.category_paths, [demand.name for demand in shoes.attributes]) == (("sports/shoes",), ["gender"])


def test_an_unsure_attribute_of_a_department_is_not_demanded() -> None:
    women = KeyTerm(kind=TermKind.ATTRIBUTE, value="women", words=("women",), confidence=0.5, name="gender")
    tagger = Tagger([category("women", "women"), women, category("sports/shoes", "shoes")])
    assert demanded(tagger, "women shoes") == {"sports/shoes"}
