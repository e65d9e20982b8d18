from multigrain.key_terms import KeyTerm, TermKind, TermSource
from server.understanding.conflicts import decided

WORDS = ("apple",)


def a_term(kind: TermKind, confidence: float, *, name: str = "", source: TermSource = TermSource.CATALOGUE) -> KeyTerm:
    return KeyTerm(kind=kind, value=f"{kind}-{name}", words=WORDS, confidence=confidence, name=name, source=source)


BRAND = a_term(TermKind.BRAND, 0.8)
CATEGORY = a_term(TermKind.CATEGORY, 0.8)
COLOUR = a_term(TermKind.ATTRIBUTE, 0.8, name="colour")
MATERIAL = a_term(TermKind.ATTRIBUTE, 0.8, name="material")
WORD = a_term(TermKind.WORD, 0.8)


def test_a_term_alone_is_what_the_words_mean() -> None:
    assert decided([WORD]) == (WORD,)


def test_the_surest_wins_whatever_its_kind() -> None:
    brand, word, size = (
        a_term(TermKind.BRAND, 0.9),
        a_term(TermKind.WORD, 0.9),
        a_term(TermKind.ATTRIBUTE, 0.9, name="size"),
    )
    assert decided([CATEGORY, COLOUR, brand]) == (brand,)
    assert decided([BRAND, CATEGORY, word, COLOUR]) == (word,)
    assert decided([COLOUR, size, CATEGORY]) == (size,)


def test_a_brand_as_sure_as_a_category_or_an_attribute_is_undecided() -> None:
    assert decided([BRAND, CATEGORY]) == ()
    assert decided([COLOUR, BRAND]) == ()


def test_a_category_comes_before_an_attribute_that_is_as_sure_and_both_before_a_word() -> None:
    assert decided([COLOUR, CATEGORY, WORD]) == (CATEGORY,)
    assert decided([WORD, COLOUR]) == (COLOUR,)
    assert decided([WORD, BRAND]) == (BRAND,)


def test_two_attributes_that_are_as_sure_are_undecided() -> None:
    assert decided([COLOUR, MATERIAL]) == ()


def test_all_values_of_the_surest_subject_stay() -> None:
    another = KeyTerm(kind=TermKind.CATEGORY, value="another", words=WORDS, confidence=0.61)
    assert decided([CATEGORY, another, a_term(TermKind.BRAND, 0.7)]) == (CATEGORY, another)


def test_where_the_owner_speaks_only_the_owner_does() -> None:
    brand = a_term(TermKind.BRAND, 0.1, source=TermSource.OWNER)
    category = a_term(TermKind.CATEGORY, 0.2, source=TermSource.OWNER)
    assert decided([CATEGORY, brand, COLOUR, category]) == (brand, category)
