import pytest

from multigrain.key_terms import KeyTerm, TermKind
from server.understanding.tagger import Tagger


def brand(value: str, *words: str, confidence: float = 0.9) -> KeyTerm:
    return KeyTerm(kind=TermKind.BRAND, value=value, words=words or (value,), confidence=confidence)


def category(value: str, *words: str, confidence: float = 0.9) -> KeyTerm:
    return KeyTerm(kind=TermKind.CATEGORY, value=value, words=words, confidence=confidence)


TAGGER = Tagger(
    [
        brand("nike"),
        brand("adidas"),
        brand("apple"),
        brand("阿迪达斯", "阿迪", "迪达", "达斯"),
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
    assert TAGGER.understand("不要阿迪达斯").brands == ()


@pytest.mark.parametrize("query", ["", "   ", "!!!", "🥿", "\x00", "unheard of words"])
def test_a_query_without_known_words_demands_nothing(query: str) -> None:
    intent = TAGGER.understand(query)
    assert (intent.brands, intent.categories) == ((), ())


def test_an_empty_dictionary_demands_nothing() -> None:
    assert Tagger([]).understand("nike shoes").brands == ()
