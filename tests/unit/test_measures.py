"""Numbers, sizes and units -> one word each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigrain.text.analyzer import analyze
from multigrain.text.measures import UNITS


@pytest.mark.parametrize(
    ("spellings", "word"),
    [
        (("500ml", "500 ML", "500-ml", "５００ｍｌ", "500毫升", "500 毫升"), "500ml"),
        (("128gb", "128 GB", "128GB"), "128gb"),
        (("12-gauge", "12 gauge", "12 ga."), "12gauge"),
        (("4.5-inch", "4.5 in.", '4.5"', "4.5″", "4.5 Inches", "4.5英寸"), "4.5in"),
        (("3/4 in", "3/4in", "¾ inch", '3/4"'), "3/4in"),
        (("1-1/2 in.", "1 1/2 in", "1½ inch"), "1-1/2in"),
        (("2x4", "2 x 4", "2×4", "2*4", "２Ｘ４"), "2x4"),
        (("30x40cm", "30 x 40 cm", "30×40厘米"), "30x40cm"),
        (("10,000mAh", "10000 mah", "10000毫安"), "10000mah"),
        (("1,5 l", "1.5L", "1.5 liters"), "1.5l"),
        ((".5 oz", "0.5 ounces"), "0.5oz"),
        (("2-pack", "2 Pack", "2pk"), "2pack"),
    ],
)
def test_spellings_of_a_measure_are_one_word(spellings: tuple[str, ...], word: str) -> None:
    assert {spelling: analyze(spelling).words for spelling in spellings} == dict.fromkeys(spellings, (word,))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2 in 1", ("2", "in", "1")),
        ("sizes 1,2,3", ("sizes", "1", "2", "3")),
        ("128/256gb", ("128", "256gb")),
        ("4.5x zoom", ("4.5", "x", "zoom")),
        ("500 mlx", ("500", "mlx")),
        ("v2 l", ("v2", "l")),
        ("4.5寸 屏", ("4.5", "寸", "屏")),
        ("802.11ac", ("802.11", "ac")),
        ("1.2.3", ("1.2.3",)),
    ],
)
def test_what_only_looks_like_a_measure_is_not_joined(text: str, words: tuple[str, ...]) -> None:
    assert analyze(text).words == words


def test_one_han_character_is_no_unit() -> None:
    assert analyze("2升级版").words == ("2", "升级版")


def test_a_unit_may_be_followed_by_chinese() -> None:
    assert analyze("500ml装").words[0] == analyze("500毫升装").words[0] == "500ml"


numbers = st.one_of(
    st.integers(0, 999_999).map(str),
    st.tuples(st.integers(0, 999), st.integers(0, 99)).map(lambda pair: f"{pair[0]}.{pair[1]}"),
)
LETTER_UNITS = sorted(unit for unit in UNITS if unit.isascii() and unit.isalpha())


@given(numbers, st.sampled_from(LETTER_UNITS), st.sampled_from(["", " ", "-"]), st.booleans())
def test_any_number_is_joined_to_any_unit(number: str, unit: str, between: str, capitals: bool) -> None:
    text = f"{number}{between}{unit}"
    assert analyze(text.upper() if capitals else text).words == (number + UNITS[unit],)
