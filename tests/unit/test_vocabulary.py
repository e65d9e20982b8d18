"""Tokens -> ids."""

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

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


ODD = st.text(
    st.one_of(st.characters(exclude_categories=()), st.sampled_from("\\nr\n\r\x0b\x1c\x85\u2028 ")), min_size=1
)


@given(st.lists(ODD, unique=True))
def test_saved_vocabulary_loads_as_it_was_whatever_is_in_the_tokens(tokens: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "words.txt"
        vocabulary = Vocabulary(tuple(tokens), buckets=3)
        vocabulary.save(path)
        loaded = Vocabulary.load(path)
    assert loaded == vocabulary
    assert [loaded.id_of(token) for token in tokens] == list(range(1, len(tokens) + 1))


def test_ordinary_tokens_are_readable_lines_in_the_file(tmp_path: Path) -> None:
    Vocabulary(("red", "连衣裙"), buckets=3).save(tmp_path / "words.txt")
    assert (tmp_path / "words.txt").read_text(encoding="utf-8") == "3\nred\n连衣裙"


@given(st.lists(ODD), st.randoms(use_true_random=False))
def test_the_order_in_which_tokens_were_seen_does_not_change_their_ids(tokens: list[str], random: Random) -> None:
    shuffled = random.sample(tokens, len(tokens))
    assert Vocabulary.build(tokens, at_most=5, buckets=2) == Vocabulary.build(shuffled, at_most=5, buckets=2)


def test_an_unseen_token_has_the_same_id_in_every_process() -> None:
    # crc32(b"red") is 4200685455 everywhere, and 4200685455 % 7 is 1: behind the padding and the one known token.
    assert Vocabulary(("a",), buckets=7).id_of("red") == 1 + 1 + 1
