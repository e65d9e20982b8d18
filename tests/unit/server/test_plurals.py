import pytest

from multigrain.key_terms import KeyTerm, TermKind, TermSource
from server.understanding.plurals import other_numbers
from server.understanding.tagger import Tagger


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("shoe", "shoes"),
        ("dress", "dresses"),
        ("watch", "watches"),
        ("box", "boxes"),
        ("battery", "batteries"),
        ("toy", "toys"),
        ("cookie", "cookies"),
        ("case", "cases"),
        ("knife", "knives"),
        ("scarf", "scarves"),
    ],
)
def test_each_number_leads_to_the_other(one: str, several: str) -> None:
    assert (several,) in other_numbers((one,))
    assert (one,) in other_numbers((several,))


def test_only_the_last_word_changes() -> None:
    assert ("running", "shoe") in other_numbers(("running", "shoes"))
    assert ("sports", "bras") in other_numbers(("sports", "bra"))


@pytest.mark.parametrize("word", ["shorts", "glass", "lights", "鞋", "4k", "tv", "été"])
def test_what_says_something_else_in_the_other_number_has_none(word: str) -> None:
    assert other_numbers((word,)) == ()


def test_words_that_the_dictionary_has_for_something_are_no_number_of_another() -> None:
    shoes = KeyTerm(kind=TermKind.CATEGORY, value="shoes", words=("boots",), confidence=0.9)
    brand = KeyTerm(kind=TermKind.BRAND, value="boot", words=("boot",), confidence=0.9)
    intent = Tagger([shoes, brand]).understand("boot")
    assert (intent.brand_names, intent.category_paths) == (("boot",), ())


def test_a_brand_has_no_plural() -> None:
    apple = KeyTerm(kind=TermKind.BRAND, value="apple", words=("apple",), confidence=0.9)
    assert Tagger([apple]).understand("apples").brands == ()


def test_a_misspelling_has_no_plural() -> None:
    toys = KeyTerm(kind=TermKind.CATEGORY, value="toys", words=("tos",), confidence=0.9, source=TermSource.MISSPELLING)
    assert Tagger([toys]).understand("tos").category_paths == ("toys",)
    assert Tagger([toys]).understand("to").category_paths == ()
