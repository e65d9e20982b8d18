"""Towers that start from an earlier run's: known tokens keep their vectors, others start fresh."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from multigrain.errors import InvalidConfig, NotFound
from multigrain.features.inputs import Vocabularies
from multigrain.finished import write_mark
from multigrain.text.vocabulary import Vocabulary
from multigrain.types import Float32s
from tests.small_training import small_config
from trainer.configs.config import TrainingConfig
from trainer.training.towers import Towers, fresh_towers, load_towers, save_towers
from trainer.training.warm_start import warm_start

YESTERDAY = ("shoes", "red", "lamp")
TODAY = ("lamp", "sofa", "shoes")
"""'red' is no longer asked for, 'sofa' is asked for the first time, and the rows of the others moved."""


def vocabularies(words: tuple[str, ...]) -> Vocabularies:
    """All alike, but for the words."""
    kinds = {entry.name: Vocabulary(("a", "b"), 3) for entry in fields(Vocabularies)}
    return Vocabularies(**{**kinds, "word": Vocabulary(words, 10)})


def towers(words: tuple[str, ...], config: TrainingConfig) -> Towers:
    return fresh_towers(vocabularies(words), config)


def word_vectors(of: Towers) -> Float32s:
    (table,) = (variable for variable in of.model.trainable_variables if variable.name.startswith("word_table"))
    vectors: Float32s = table.numpy()
    return vectors


def test_a_known_token_keeps_its_vector_and_another_one_is_fresh() -> None:
    earlier, fresh = towers(YESTERDAY, small_config()), towers(TODAY, small_config(run={"seed": 1}))
    before, untouched = word_vectors(earlier), word_vectors(fresh)
    warm_start(fresh, earlier)
    now = word_vectors(fresh)
    for token in ("shoes", "lamp"):
        row, row_before = fresh.vocabularies.word.id_of(token), earlier.vocabularies.word.id_of(token)
        np.testing.assert_array_equal(now[row], before[row_before])
    sofa = fresh.vocabularies.word.id_of("sofa")
    np.testing.assert_array_equal(now[sofa], untouched[sofa])
    np.testing.assert_array_equal(now[-10:], before[-10:], err_msg="hash buckets")
    np.testing.assert_array_equal(now[0], before[0], err_msg="padding")


def test_everything_that_is_no_table_is_copied() -> None:
    earlier, fresh = towers(YESTERDAY, small_config()), towers(TODAY, small_config(run={"seed": 1}))
    warm_start(fresh, earlier)
    for mine, theirs in zip(fresh.model.trainable_variables, earlier.model.trainable_variables, strict=True):
        if not mine.name.startswith("word_table"):
            np.testing.assert_array_equal(mine.numpy(), theirs.numpy(), err_msg=mine.name)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": {"dims": 8}}, r"model\.dims: is 8, and 16"),
        ({"model": {"side_dims": 8}}, r"model\.side_dims: is 8, and 4"),
        ({"model": {"lstm_layers": 1}}, r"model\.lstm_layers: is 1, and 2"),
        ({"text": {"query_words": 7}}, r"text\.query_words: is 7, and 5"),
    ],
)
def test_another_shape_is_refused_with_the_field(changes: dict[str, dict[str, object]], field: str) -> None:
    fresh = towers(TODAY, small_config(**changes))
    untouched = [variable.numpy() for variable in fresh.model.trainable_variables]
    with pytest.raises(InvalidConfig, match=field):
        warm_start(fresh, towers(YESTERDAY, small_config()))
    for variable, before in zip(fresh.model.trainable_variables, untouched, strict=True):
        np.testing.assert_array_equal(variable.numpy(), before)


def test_other_buckets_are_refused_with_the_field() -> None:
    config = small_config(vocabulary={"word_buckets": 11})
    words = replace(vocabularies(TODAY), word=Vocabulary(TODAY, 11))
    with pytest.raises(InvalidConfig, match=r"vocabulary\.word_buckets: is 11, and 10"):
        warm_start(fresh_towers(words, config), towers(YESTERDAY, small_config()))


def test_what_shapes_nothing_may_change() -> None:
    config = small_config(model={"dropout": 0.0}, text={"title_words": 9}, vocabulary={"words": 7})
    warm_start(towers(TODAY, config), towers(YESTERDAY, small_config()))


def test_saved_towers_come_back_whole(tmp_path: Path) -> None:
    saved = towers(YESTERDAY, small_config(run={"seed": 3}))
    save_towers(saved, tmp_path)
    with pytest.raises(NotFound, match="holds no trained towers"):
        load_towers(tmp_path)
    write_mark(tmp_path, "made from")
    loaded = load_towers(tmp_path)
    assert (loaded.config, loaded.vocabularies) == (saved.config, saved.vocabularies)
    for mine, theirs in zip(loaded.model.variables, saved.model.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
