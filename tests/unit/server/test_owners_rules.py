from server.understanding.owners_language import parse
from server.understanding.reading import Standing
from server.understanding.tagger import Tagger
from tests.unit.server.test_understanding_cases import in_words
from tests.unit.server.understanding_cases import DICTIONARY

TAGGER = Tagger(DICTIONARY)


def demands(query: str, rules: str) -> set[str]:
    parsed = parse(rules)
    assert parsed.mistakes == ()
    return set(in_words(TAGGER.understand(query, parsed.rules)))


def test_a_synonym_is_matched_like_the_dictionary() -> None:
    rules = '"swoosh" means brand nike'
    assert demands("red swoosh shoes", rules) == {"colour red", "brand nike", "category shoes"}
    assert demands("shoes not swoosh", rules) == {"category shoes"}


def test_what_the_owner_says_of_words_takes_the_place_of_the_dictionary() -> None:
    assert demands("apple shoes", '"apple" means category food/apples') == {"category food/apples", "category shoes"}


def test_owners_words_may_mean_a_brand_and_a_category_at_once() -> None:
    rules = '"ps5" means brand sony; category games/consoles'
    assert demands("ps5", rules) == {"brand sony", "category games/consoles"}


def test_must_takes_the_place_of_what_the_query_says_of_that_kind() -> None:
    rules = '"samsung case" must category phones/phone cases; brand spigen'
    assert demands("samsung case red", rules) == {"category phones/phone cases", "brand spigen", "colour red"}


def test_several_musts_of_one_kind_are_either() -> None:
    rules = '"case" must brand spigen\n"samsung case" must brand samsung'
    assert demands("samsung case", rules) == {"category phones/phone cases", "brand spigen", "brand samsung"}


def test_need_not_takes_a_demand_away_and_keeps_nothing_out() -> None:
    assert demands("apple iphone case", '"iphone case" need not brand apple') == {"category phones/phone cases"}


def test_must_not_keeps_out_and_takes_the_demand_away() -> None:
    rules = '"pie" must not brand apple; category food'
    assert demands("apple red pie", rules) == {"colour red", "not brand apple", "not category food"}


def test_must_not_is_stronger_than_must() -> None:
    rules = '"pie" must brand apple\n"red pie" must not brand apple'
    assert demands("red pie", rules) == {"category food/pies", "colour red", "not brand apple"}


def test_a_rule_of_a_phrase_that_the_query_does_not_hold_says_nothing() -> None:
    rules = '"iphone case" must brand spigen'
    assert demands("case iphone", rules) == {"category phones/phone cases"}
    assert demands("iphone red case", rules) == {"category phones/phone cases", "colour red"}


def test_a_rule_of_a_phrase_that_is_not_asked_for_says_nothing() -> None:
    rules = '"iphone case" must brand spigen\n"unheard" must brand nike'
    assert demands("shoes not iphone case", rules) == {"category shoes"}
    assert demands("shoes not unheard", rules) == {"category shoes"}


def test_a_pin_takes_the_place_of_everything_that_was_understood() -> None:
    rules = 'pin "nike shoes" = category shoes/boots\n"nike" must brand puma\n"shoes" must not brand nike'
    assert demands("Nike  SHOES!", rules) == {"category shoes/boots"}
    assert demands("nike shoes", 'pin "nike shoes" = nothing') == set()


def test_a_pin_is_of_the_whole_query_only() -> None:
    rules = 'pin "nike shoes" = category shoes/boots'
    assert demands("red nike shoes", rules) == {"brand nike", "category shoes", "colour red"}


def test_a_reading_tells_what_the_owner_set_aside_and_for_what() -> None:
    rules = parse('"samsung case" must brand spigen').rules
    standing = {one.demand.value: (one.standing, one.why) for one in TAGGER.read("samsung case", rules).spoken}
    assert standing["samsung"] == (Standing.SET_ASIDE, "brand spigen")
    assert standing["spigen"] == (Standing.DEMANDED, "")
