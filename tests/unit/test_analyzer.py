"""Text -> grains."""

from hypothesis import given
from hypothesis import strategies as st

from multigrain.text.analyzer import TEXT_CHARACTERS_MAX, analyze, normalize


def test_latin_words_give_trigrams_word_bigrams_and_words() -> None:
    grains = analyze("Red Dress")
    assert grains.words == ("red", "dress")
    assert grains.bigrams == ("red dress",)
    assert grains.unigrams == ("^re", "red", "ed$", "^dr", "dre", "res", "ess", "ss$")


def test_chinese_gives_characters_and_character_bigrams() -> None:
    grains = analyze("红连衣裙")
    assert grains.unigrams == ("红", "连", "衣", "裙")
    assert grains.bigrams == ("红连", "连衣", "衣裙")


def test_single_chinese_character_is_a_word() -> None:
    assert analyze("鞋").words == ("鞋",)


def test_mixed_scripts_are_cut_where_the_script_changes() -> None:
    assert analyze("adidas跑步鞋42").words == ("adidas", "跑步", "步鞋", "42")


def test_decimal_sizes_stay_whole_and_punctuation_goes() -> None:
    assert analyze("4.5-inch, (new!)").words == ("4.5", "inch", "new")


def test_full_width_and_case_are_folded() -> None:
    assert analyze("ＡＤＩＤＡＳ").words == analyze("adidas").words


def test_text_without_letters_gives_no_grains() -> None:
    grains = analyze(" -- \t!? ")
    assert (grains.unigrams, grains.bigrams, grains.words) == ((), (), ())


@given(st.text(max_size=300))
def test_any_text_is_analyzed_and_normalising_twice_changes_nothing(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)
    grains = analyze(text)
    assert all(word and "\n" not in word for word in grains.words)


@given(st.text(min_size=TEXT_CHARACTERS_MAX, max_size=TEXT_CHARACTERS_MAX + 50))
def test_long_text_is_cut(text: str) -> None:
    assert len(normalize(text)) <= TEXT_CHARACTERS_MAX
    assert len(analyze(text).words) <= TEXT_CHARACTERS_MAX
