"""Many spellings -> one."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigrain.text.folding import TEXT_CHARACTERS_MAX, normalize

ANY_TEXT = st.text(st.characters(exclude_categories=()))
"""Lone surrogates too: they come in by way of `surrogateescape`."""


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("ＡＤＩＤＡＳ　４２", "adidas 42"),
        ("Straße", "strasse"),
        ("CAFÉ Crème", "cafe creme"),
        ("cafe\u0301", "cafe"),
        ("İstanbul", "istanbul"),
        ("ΣΊΣΥΦΟΣ", "σισυφοσ"),
        ("Ёлка", "елка"),
        ("ｶﾞﾗｽ", "ガラス"),
        ("1½ in", "1 1/2 in"),
        ("Nike™ shoes", "nike  shoes"),
        ("手\u200b机\ufeff壳", "手机壳"),
        ("m²", "m2"),
    ],
)
def test_spellings_of_one_thing_become_one(written: str, means: str) -> None:
    assert normalize(written) == means


def test_marks_that_are_letters_of_their_script_stay() -> None:
    assert normalize("がぎ हिन्दी ไทย 한국") == "がぎ हिन्दी ไทย 한국"


def test_traditional_and_simplified_chinese_stay_apart() -> None:
    assert normalize("手機殼") != normalize("手机壳")


def test_every_character_is_stable_alone_and_beside_others() -> None:
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        once = normalize(character)
        assert normalize(once) == once, f"U+{code:04X}"
        if once != character:
            beside = normalize(f"1{character}\u0301a{character}")
            assert normalize(beside) == beside, f"U+{code:04X}"


@given(ANY_TEXT)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


@given(st.text(st.sampled_from("aǰΐᾳſßİẞｶﾞが한ᄒ\u0345\u0301\u0327\u05b0\u3099\u200d½1™한̣é"), max_size=12))
def test_normalising_twice_changes_nothing_where_marks_meet(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


@given(st.sampled_from("aé手ﷺß한½"), st.integers(TEXT_CHARACTERS_MAX - 2, TEXT_CHARACTERS_MAX + 2))
def test_long_text_is_cut_and_the_cut_is_stable(character: str, length: int) -> None:
    once = normalize(character * length)
    assert len(once) <= TEXT_CHARACTERS_MAX
    assert normalize(once) == once
