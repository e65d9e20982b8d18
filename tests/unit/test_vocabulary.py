"""Tokens -> ids."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from multigrain.text.vocabulary import Vocabulary


def test_most_frequent_tokens_get_the_first_ids_and_ties_go_by_name() -> None:
    vocabulary = Vocabulary.build(["b", "a", "c", "c", "", "b", "a"], at_most=2, buckets=4)
    assert vocabulary.tokens == ("a", "b")
    assert [vocabulary.id_of("a"), vocabulary.id_of("b")] == [1, 2]


def test_unseen_tokens_fall_into_the_buckets_behind_the_known_ones() -> None:
    vocabulary = Vocabulary(("a", "b"), buckets=4)
    assert {vocabulary.id_of(token) for token in "cdefghijklmnop"} <= {3, 4, 5, 6}
    assert vocabulary.size == 1 + 2 + 4


def test_empty_token_is_padding() -> None:
    assert Vocabulary(("a",), buckets=1).id_of("") == 0


def test_row_is_cut_and_padded_to_its_length() -> None:
    vocabulary = Vocabulary(("a", "b"), buckets=1)
    assert np.array_equal(vocabulary.ids(["b", "a", "b"], 2), [2, 1])
    assert np.array_equal(vocabulary.ids(["b"], 3), [2, 0, 0])


@given(st.lists(st.text(alphabet=st.characters(blacklist_categories=["Cc", "Cs"]), min_size=1), unique=True))
def test_saved_vocabulary_loads_as_it_was(tokens: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.txt"
        vocabulary = Vocabulary(tuple(tokens), buckets=3)
        vocabulary.save(path)
        assert Vocabulary.load(path) == vocabulary
