"""Text -> grains."""

import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigrain.text import cjk
from multigrain.text.analyzer import GRAINS_MAX, analyze, words_of
from multigrain.text.folding import normalize
from multigrain.text.scripts import RUNS

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


def test_latin_words_give_trigrams_word_bigrams_and_words() -> None:
    grains = analyze("Red Dress")
    assert grains.words == ("red", "dress")
    assert grains.bigrams == ("red dress",)
    assert grains.unigrams == ("^re", "red", "ed$", "^dr", "dre", "res", "ess", "ss$")


def test_chinese_gives_characters_character_bigrams_and_segmented_words() -> None:
    grains = analyze("红色连衣裙")
    assert grains.unigrams == ("红", "色", "连", "衣", "裙")
    assert grains.bigrams == ("红色", "色连", "连衣", "衣裙")
    assert grains.words == ("红色", "连衣裙")


def test_single_chinese_character_is_a_word() -> None:
    assert analyze("鞋").words == ("鞋",)


def test_mixed_scripts_are_cut_where_the_script_changes() -> None:
    assert analyze("adidas跑步鞋42").words == ("adidas", "跑步", "鞋", "42")


def test_kana_gives_overlapping_bigrams_and_hangul_words_with_spaces_between() -> None:
    assert analyze("スニーカー靴").words == ("スニ", "ニー", "ーカ", "カー", "靴")
    assert analyze("나이키 운동화").words == ("나이키", "운동화")


def test_scripts_with_vowel_signs_keep_their_words_whole() -> None:
    assert analyze("हिन्दी किताब").words == ("हिन्दी", "किताब")


def test_grains_stand_in_reading_order_and_no_bigram_reaches_over_chinese() -> None:
    grains = analyze("nike air 跑步 max 90")
    assert grains.bigrams == ("nike air", "跑步", "max 90")
    assert grains.words == ("nike", "air", "跑步", "max", "90")


@pytest.mark.parametrize("written", ["WH-1000XM5", "wh1000xm5", "ＷＨ-1000ＸＭ5"])
def test_a_model_number_is_one_word_with_and_without_its_hyphen(written: str) -> None:
    assert analyze(f"Sony {written}").words == ("sony", "wh1000xm5")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("running-shoes", ("running", "shoes")),
        ("iPhone-15-Pro", ("iphone", "15", "pro")),
        ("USB-C", ("usb", "c")),
        ("2-in-1", ("2", "in", "1")),
        ("RTX-4090", ("rtx4090",)),
        ("sm-g991u", ("smg991u",)),
    ],
)
def test_hyphens_join_model_numbers_and_part_other_words(written: str, words: tuple[str, ...]) -> None:
    assert analyze(written).words == words


@pytest.mark.parametrize("written", ["Levi's", "Levi’s", "levis"])
def test_apostrophes_inside_a_word_are_dropped(written: str) -> None:
    assert analyze(written).words == ("levis",)


def test_punctuation_goes() -> None:
    assert analyze("【正品】Nike/耐克, (new!)").words == ("正品", "nike", "耐克", "new")


def test_text_without_letters_gives_no_grains() -> None:
    grains = analyze(" -- \t!? 🥿 ")
    assert (grains.unigrams, grains.bigrams, grains.words) == ((), (), ())


@given(ANY_TEXT)
def test_any_text_is_analyzed_and_its_normal_form_alike(text: str) -> None:
    grains = analyze(text)
    assert grains == analyze(normalize(text))
    assert words_of(text) == grains.words
    assert all(grain and "\n" not in grain for grain in (*grains.unigrams, *grains.bigrams, *grains.words))


@given(st.text("手机壳カメラ나이", max_size=12))
def test_a_run_of_cjk_has_the_words_of_its_scripts(run: str) -> None:
    assert analyze(run).words == tuple(cjk.words(run))


@given(st.text("abé'’- жहि_.", max_size=12))
def test_words_of_letters_are_the_plain_runs_without_apostrophes(text: str) -> None:
    plain = [run.replace("'", "").replace("’", "") for run in RUNS.findall(normalize(text))]
    assert list(analyze(text).words) == plain


HOSTILE = (
    '.5"' * 683,
    "1,111," * 400,
    "1x" * 1024,
    "1 1/" * 512,
    "a-" * 1024,
    '5"' * 1024,
    "a'" * 1024,
    "ﷺ" * 2048,
    "手" * 4096,
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:6])
def test_hostile_text_gives_few_grains_and_costs_little(text: str) -> None:
    analyze("手")
    started = time.process_time()
    grains = analyze(text)
    # A hundred times what it takes: a pattern that backtracks would need seconds.
    assert time.process_time() - started < 0.5
    assert max(len(grains.unigrams), len(grains.bigrams), len(grains.words)) <= GRAINS_MAX == 2 * 2048


def test_the_dictionary_is_loaded_by_the_first_chinese_text_and_not_by_an_import() -> None:
    program = (
        "import sys\nfrom multigrain.text import findable, terms\nfrom multigrain.text.analyzer import analyze\n"
        "analyze('red dress 500 ml')\nterms.terms_of('手机壳')\nassert 'rjieba' not in sys.modules\n"
        "print(analyze('手机壳').words, 'rjieba' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)
    assert said.stdout.strip() == "('手机', '壳') True"
