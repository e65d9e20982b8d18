"""The units that key terms are matched on."""

from hypothesis import given
from hypothesis import strategies as st

from multigrain.text.terms import BREAK, terms_of

HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=8)


def test_latin_words_and_single_cjk_characters_are_units() -> None:
    assert terms_of("Nike跑鞋 AIR-Max 90") == ("nike", "跑", "鞋", "air", "max", "90")


def test_spellings_of_a_name_are_the_same_units() -> None:
    assert terms_of("L’Oréal") == terms_of("LOREAL") == ("loreal",)
    assert terms_of("7-Eleven") == terms_of("7 eleven")


def test_runs_of_cjk_are_kept_apart() -> None:
    assert terms_of("大小 米色,nike 耐克") == ("大", "小", BREAK, "米", "色", "nike", "耐", "克")


@given(HAN, HAN, HAN)
def test_units_of_a_part_stand_in_a_row_in_the_whole(before: str, part: str, after: str) -> None:
    whole = terms_of(before + part + after)
    assert whole[len(before) : len(before) + len(part)] == terms_of(part)


@given(st.text(st.characters(exclude_categories=()), max_size=100))
def test_any_text_has_units_and_none_is_empty(text: str) -> None:
    assert all(terms_of(text))
