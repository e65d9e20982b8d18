"""The index against BM25 written out: each title is looked at, and nothing is left out early."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.text.findable import findable
from server.channels.lexical_index import LexicalIndex
from server.lexical.segment import of_titles
from server.lexical.snapshot import snapshot_of

WORDS = tuple(f"{letter}word" for letter in "abcdefghijklmnopqrst")
texts = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)
titles = st.dictionaries(st.integers(0, 120), texts, max_size=60)
"""Above 32 titles a word is rare or frequent, below it every word is frequent."""


def scores_of(words_of: Mapping[int, tuple[str, ...]], query: tuple[str, ...]) -> dict[int, float]:
    """k1 = 1.2 and b = 0.75; the mean length in hundredths and each weight in steps of 1/8192, as documented."""
    count = len(words_of)
    mean = max(round(sum(map(len, words_of.values())) / max(count, 1), 2), 1)
    scores: dict[int, float] = {}
    for word in query:
        holders = [item_no for item_no, words in words_of.items() if word in words]
        weight = max(round(math.log(1 + (count - len(holders) + 0.5) / (len(holders) + 0.5)) * 8192), 1) / 8192
        for item_no in holders:
            factor = 2.2 / (1 + 1.2 * (0.25 + 0.75 * len(words_of[item_no]) / mean))
            scores[item_no] = scores.get(item_no, 0) + weight * factor
    return scores


def assert_best(item_nos: list[int], found: list[float], scores: Mapping[int, float], k: int) -> None:
    """Equal up to which of equal titles come last, and to the rounding of 32-bit floats."""
    assert found == pytest.approx(sorted(scores.values(), reverse=True)[:k], rel=1e-5)
    assert [scores[item_no] for item_no in item_nos] == pytest.approx(found, rel=1e-5)
    assert len(set(item_nos)) == len(item_nos)
    assert list(zip(found, item_nos, strict=True)) == sorted(
        zip(found, item_nos, strict=True), key=lambda pair: (-pair[0], pair[1])
    )


@settings(max_examples=40, deadline=None)
@given(titles, texts, st.integers(1, 50))
def test_the_best_k_and_their_scores_are_those_of_bm25(there: dict[int, str], query: str, k: int) -> None:
    index = LexicalIndex()
    index.put(there.items())
    hits = index.search(query, k)
    scores = scores_of({item_no: findable(title) for item_no, title in there.items()}, findable(query))
    assert_best(hits.item_nos.tolist(), hits.scores.tolist(), scores, k)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(titles, st.sets(st.integers(0, 150), max_size=30)), max_size=6), texts)
def test_after_any_puts_and_removals_exactly_what_stands_is_found(
    steps: list[tuple[dict[int, str], set[int]]], query: str
) -> None:
    index, there = LexicalIndex(), dict[int, str]()
    wanted = set(findable(query))
    for added, removed in steps:
        index.put(added.items())
        index.remove(removed)
        there = {item_no: title for item_no, title in (there | added).items() if item_no not in removed}
        expected = {item_no for item_no, title in there.items() if wanted & set(findable(title))}
        assert set(index.search(query, 1000).item_nos.tolist()) == expected
        assert index.count() == len(there)
    index.compact()
    scores = scores_of({item_no: findable(title) for item_no, title in there.items()}, findable(query))
    hits = index.search(query, 7)
    assert_best(hits.item_nos.tolist(), hits.scores.tolist(), scores, 7)


SHARES = (1.0, 0.9, 0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.02, 0.01, 0.001, 0.0)
"""Of the titles that hold word 0, 1, 2 ...: from one of every title to one of none."""
COUNT = 100_000
"""More than the first two blocks."""


@pytest.mark.parametrize("k", [1, 300, 9600])
@pytest.mark.parametrize(
    "query",
    [(0,), (0, 1), (0, 1, 10), (5, 6, 7, 8), (2, 3, 4, 5, 6, 7), tuple(range(12)), (9, 10), (11,), (0, 11)],
)
def test_over_several_blocks_nothing_that_belongs_to_the_best_is_left_out(query: tuple[int, ...], k: int) -> None:
    held, item_nos = HELD, np.arange(COUNT, dtype=np.int64)
    dead = np.zeros(COUNT, np.bool_)
    dead[SEGMENT.item_nos % 7 == 3] = True
    hits = snapshot_of([(SEGMENT, ~dead)], ()).search(np.array(query, np.uint64), k)
    sums = np.zeros(COUNT)
    for word in query:
        holders = held[:, word].sum()
        weight = max(round(math.log(1 + (COUNT - holders + 0.5) / (holders + 0.5)) * 8192), 1) / 8192
        sums += held[:, word] * weight * (holders > 0)
    factors = 2.2 / (1 + 1.2 * (0.25 + 0.75 * held.sum(axis=1) / round(held.sum() / COUNT, 2)))
    scores = np.where(item_nos % 7 == 3, 0, sums * factors)
    np.testing.assert_allclose(hits.scores, np.sort(scores[scores > 0])[::-1][:k], rtol=1e-5)
    np.testing.assert_allclose(scores[hits.item_nos], hits.scores, rtol=1e-5)


HELD = np.random.default_rng(5).random((COUNT, len(SHARES))) < np.array(SHARES)
HELD[:, 0] = True
SEGMENT = of_titles(np.arange(COUNT, dtype=np.int64), [np.flatnonzero(row).tolist() for row in HELD])
