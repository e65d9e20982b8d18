"""The bag model before any training: already an engine that finds by words, rare ones first, and forgives typing."""

import numpy as np
import pytest

from multigrain.features.inputs import Vocabularies, item_inputs, query_inputs
from multigrain.features.windows import Windows
from multigrain.text.analyzer import analyze
from multigrain.text.vocabulary import Vocabulary
from multigrain.types import Float32s
from tests.builders import an_item
from tests.small_training import small_config
from trainer.models.bag import Bag
from trainer.models.layers.spelling import GRAINS_MAX, Spelling

TITLES = ("white oak shelf", "white lamp", "white garden hose", "steel bracket", "cordless hammer drill")
FILLER = [f"part{number}" for number in range(300)]


def _vocabularies() -> Vocabularies:
    grains = [analyze(text) for text in (*TITLES, *FILLER)]
    # In white, all titles: the most frequent word has the first id.
    words = Vocabulary.build((word for one in grains for word in one.words), at_most=1000, buckets=20)
    unigrams = Vocabulary.build((grain for one in grains for grain in one.unigrams), at_most=5000, buckets=20)
    other = Vocabulary((), 1)
    names = ("bigram", "item", "leaf", "top", "brand", "shop")
    return Vocabularies(word=words, unigram=unigrams, **dict.fromkeys(names, other))


VOCABULARIES = _vocabularies()
CONFIG = small_config(model={"name": "bag", "dims": 256}, text={"query_unigrams": 40})
BAG = Bag(CONFIG.model, VOCABULARIES, seed=0)


def query(text: str) -> Float32s:
    inputs = query_inputs([(text, Windows())], VOCABULARIES, CONFIG.text.to_floor(), CONFIG.windows.to_floor())
    vector: Float32s = BAG.query(inputs).numpy()[0]
    return vector


def titles(*texts: str) -> Float32s:
    items = [an_item(number, title=text, brand=f"brand {number}") for number, text in enumerate(texts)]
    vectors: Float32s = BAG.item(**item_inputs(items, VOCABULARIES, CONFIG.text.to_floor())).numpy()
    return vectors


def best(text: str) -> str:
    return TITLES[int(np.argmax(titles(*TITLES) @ query(text)))]


def test_what_shares_words_is_near() -> None:
    assert best("oak shelf") == "white oak shelf"
    assert best("hammer") == "cordless hammer drill"


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    assert best("white bracket") == "steel bracket"
    lengths = np.linalg.norm(BAG.query.tables.word.table.numpy(), axis=1)
    common, rare = (lengths[VOCABULARIES.word.id_of(word)] for word in ("white", "bracket"))
    assert common < 0.8 * rare


def test_a_misspelt_word_is_found_by_its_characters() -> None:
    assert best("cordles hamer") == "cordless hammer drill"
    assert best("braket") == "steel bracket"


def test_a_word_that_nobody_knew_in_training_meets_itself() -> None:
    known, stranger = titles("white lamp", "zorbex lamp") @ query("zorbex")
    assert stranger > known + 0.2


def test_a_query_and_a_title_of_the_same_known_words_have_the_same_vector_of_length_one() -> None:
    (title,) = titles("oak shelf")
    np.testing.assert_allclose(query("oak shelf"), title, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(title), 1.0, atol=1e-6)


def test_a_text_without_a_word_is_nowhere() -> None:
    assert not query("!?").any()
    assert not titles("!?").any()


def test_only_the_title_of_an_item_is_read() -> None:
    one, other = titles("oak shelf", "oak shelf")
    np.testing.assert_array_equal(one, other)


def test_known_words_are_spelt_and_others_are_not() -> None:
    words, unigrams = VOCABULARIES.word, VOCABULARIES.unigram
    ids = np.array([words.id_of("oak"), words.id_of("zorbex"), 0], np.int32)
    spelt = Spelling(VOCABULARIES)(ids).numpy()
    assert spelt.shape == (3, GRAINS_MAX)
    assert spelt[0].tolist() == unigrams.ids(("^oa", "oak", "ak$"), GRAINS_MAX).tolist()
    assert not spelt[1:].any()


def test_a_bag_that_is_to_be_compiled_is_refused() -> None:
    with pytest.raises(ValueError, match="XLA cannot"):
        small_config(model={"name": "bag"}, run={"xla": True})
