"""What a teacher reads in words: stems, heads, spellings, and what it makes of words that it never saw."""

import numpy as np
import pytest

from tests.builders import an_item
from trainer.teacher.lexicon import make_lexicon
from trainer.teacher.spellings import find_alike
from trainer.teacher.texts import read_item, read_query
from trainer.teacher.wordbook import make_wordbook
from trainer.teacher.words import number_and_unit, stem

TITLES = [
    "oak shelf white",
    "oak shelf black",
    "steel shelf white",
    "toilet seat round",
    "toilet seat long",
    "toilet lid",
]


@pytest.mark.parametrize(
    "forms", [("paint", "paints", "painting", "painter"), ("shelf", "shelves"), ("run", "running")]
)
def test_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize("word", ["red", "wh1000xm5", "手机壳", "16s"])
def test_short_words_models_and_other_scripts_stay_whole(word: str) -> None:
    assert stem(word) == word


def test_number_and_unit_come_apart() -> None:
    assert number_and_unit("16ga") == ("16", "ga")
    assert number_and_unit("oak") == ("", "")


@pytest.mark.parametrize(
    ("title", "head"),
    [("Acme Oak Shelf in White", "shelf"), ("Acme Cap Screw M6 (2 per Bag)", "screw"), ("蓝牙 音箱", "音箱")],
)
def test_head_says_what_the_thing_is(title: str, head: str) -> None:
    read = read_item(an_item(title=title))
    assert read.title[read.head] == head


def test_entities_of_web_pages_are_read_as_the_signs_that_they_stand_for() -> None:
    assert read_item(an_item(title="Builder&#39;s Paper")).title == ("builders", "paper")


def test_alike_is_the_share_of_shared_pieces() -> None:
    alike = find_alike(["tolet"], ["toilet", "shelf"])
    # ^to tol ole let et$ and ^to toi oil ile let et$ share three.
    assert alike.keys.tolist() == [0]
    assert alike.both.tolist() == [pytest.approx(2 * 3 / (5 + 6))]
    assert alike.inside.tolist() == [pytest.approx(3 / 5)]


def test_pairs_that_share_nothing_are_behind_the_last() -> None:
    alike = find_alike(["tolet"], ["toilet", "shelf"])
    assert alike.places(np.array([0, 0]), np.array([0, 1])).tolist() == [0, 1]


def test_words_of_the_same_titles_are_near() -> None:
    lexicon = make_lexicon([read_item(an_item(title=title)) for title in TITLES], dims=3, seed=0)
    oak, shelf, toilet = (lexicon.vectors[lexicon.rows[word]] for word in ("oak", "shelf", "toilet"))
    assert oak @ shelf > 0.5 > abs(oak @ toilet)


def test_mistyped_word_of_a_query_means_what_it_is_written_like() -> None:
    lexicon = make_lexicon([read_item(an_item(title=title)) for title in TITLES], dims=3, seed=0)
    book = make_wordbook(lexicon, [read_query("tolet").text], [("toilet",)])
    meant = book.in_queries[book.numbers["tolet"]]
    assert meant @ lexicon.vectors[lexicon.rows["toilet"]] > 0.9
