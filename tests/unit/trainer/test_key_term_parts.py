"""The parts that key terms are found with, beside slow ways to say the same."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.data.key_terms.facts import NONE
from trainer.data.key_terms.runs import cut, find_runs
from trainer.data.key_terms.shares import favourites, surely
from trainer.data.key_terms.typing_errors import typing_errors

LETTERS = st.text("abc", max_size=7)
TITLES = st.lists(st.lists(st.sampled_from(["red", "shoe", "nike", "a", "跑步鞋", "红色"]), max_size=7), max_size=8)


def errors_by_definition(typed: str, meant: str) -> int:
    if not typed or not meant:
        return len(typed) + len(meant)
    ways = [
        errors_by_definition(typed[1:], meant) + 1,
        errors_by_definition(typed, meant[1:]) + 1,
        errors_by_definition(typed[1:], meant[1:]) + (typed[0] != meant[0]),
    ]
    if len(typed) > 1 and typed[:2] == meant[1:2] + meant[:1]:
        ways.append(errors_by_definition(typed[2:], meant[2:]) + 1)
    return min(ways)


@settings(deadline=None)
@given(LETTERS, LETTERS)
def test_typing_errors_are_counted_as_defined(typed: str, meant: str) -> None:
    for at_most in (1, 2):
        assert typing_errors(typed, meant, at_most=at_most) == min(errors_by_definition(typed, meant), at_most + 1)


def test_the_four_typing_errors() -> None:
    assert {typing_errors(typed, "boots", at_most=2) for typed in ("boot", "booots", "boats", "boost")} == {1}


@settings(deadline=None)
@given(TITLES, st.integers(1, 3))
def test_runs_are_those_that_a_walk_over_all_titles_finds(titles: list[list[str]], at_least: int) -> None:
    texts = [" ".join(words) for words in titles]
    walked = {
        (tuple(unit for word in words[start:end] for unit in word), row)
        for row, words in enumerate(list(cut(text)) for text in texts)
        for start in range(len(words))
        for end in range(start + 1, min(start + 3, len(words)) + 1)
        if all(words[start:end])
    }
    often = Counter(run for run, _ in walked)
    runs = find_runs(texts, np.ones(len(texts), np.int64), at_least=at_least)
    found = {(runs.words[run], text) for run, text in zip(runs.runs.tolist(), runs.texts.tolist(), strict=True)}
    assert found == {(run, row) for run, row in walked if often[run] >= at_least}


def test_no_run_passes_from_one_chinese_text_to_the_next() -> None:
    assert list(cut("Nike 跑鞋 红色")) == [("nike",), ("跑", "鞋"), (), ("红", "色")]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(NONE, 2), st.integers(1, 5)), max_size=30))
def test_favourites_are_what_counters_say(rows: list[tuple[int, int, int]]) -> None:
    groups, codes, weights = (np.array([row[place] for row in rows], np.int64) for place in range(3))
    best = favourites(groups, codes.astype(np.int32), weights, count=4)
    for group in range(4):
        counts: Counter[int] = Counter()
        for mine, code, weight in rows:
            if mine == group and code != NONE:
                counts[code] += weight
        wanted = max(sorted(counts), key=lambda code: counts[code], default=NONE)
        assert (best.codes[group], best.hits[group]) == (wanted, counts[wanted])
        assert best.totals[group] == sum(weight for mine, _, weight in rows if mine == group)


def test_the_bound_of_a_share() -> None:
    # Of n out of n it is n / (n + z^2), with z = 1.645.
    bounds = surely(np.array([25, 0, 0]), np.array([25, 25, 0]))
    assert bounds.tolist() == pytest.approx([25 / (25 + 2.706), 0.0, 0.0], abs=1e-4)
