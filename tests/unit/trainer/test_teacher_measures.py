"""AUC and ordering accuracy by fractions that can be counted on the fingers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.teacher.judged import Judged
from trainer.teacher.measures import (
    area_under_curve,
    estimate_area,
    estimate_ordering,
    estimate_ordering_gain,
    ordering_accuracy,
)


def rows(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


def judged(query: list[int], grade: list[float]) -> Judged:
    names = tuple(f"query {number}" for number in range(max(query) + 1))
    return Judged(
        queries=names,
        items=(),
        query=np.array(query),
        item=np.zeros(len(query), np.int64),
        grade=rows(*grade),
        labels_sha256="",
    )


def test_area_counts_good_above_bad_and_ties_half() -> None:
    # Good: 0.9 and 0.4; bad: 0.4 and 0.1. Above: 0.9 of both, 0.4 of 0.1; a tie: 0.4 and 0.4.
    assert area_under_curve(rows(0.9, 0.4, 0.4, 0.1), np.array([True, True, False, False])) == 3.5 / 4


def test_area_of_one_kind_alone_is_not_known() -> None:
    assert np.isnan(area_under_curve(rows(1, 2), np.array([True, True])))


def test_order_is_asked_within_a_query_only_and_where_grades_are_apart() -> None:
    scores, grades = rows(3, 2, 1, 9, 9), rows(3, 1.5, 2, 0, 3)
    queries = np.array([0, 0, 0, 1, 1])
    # Of query 0: 3 above 1.5 (right) and 3 above 2 (right); 1.5 and 2 are too near. Of query 1: a tie.
    assert ordering_accuracy(scores, grades, queries) == 2.5 / 3


def test_a_gap_of_three_quarters_is_an_order_and_five_eighths_is_none() -> None:
    queries = np.zeros(2, np.int64)
    assert ordering_accuracy(rows(1, 0), rows(1.75, 1), queries) == 1.0
    assert np.isnan(ordering_accuracy(rows(1, 0), rows(1.625, 1), queries))


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=1, max_size=30))
def test_area_is_what_counting_every_pair_gives(drawn: list[tuple[int, bool]]) -> None:
    good = [score for score, kind in drawn if kind]
    bad = [score for score, kind in drawn if not kind]
    found = area_under_curve(rows(*(score for score, _ in drawn)), np.array([kind for _, kind in drawn]))
    if not good or not bad:
        assert np.isnan(found)
        return
    above = sum((one > other) + (one == other) / 2 for one in good for other in bad)
    assert found == pytest.approx(above / (len(good) * len(bad)))


def test_interval_is_wide_over_few_queries_and_none_for_sure_things() -> None:
    mixed = judged([0, 0, 1, 1, 2, 2, 3, 3], [3, 0] * 4)
    halves = estimate_ordering(rows(1, 0, 1, 0, 0, 1, 0, 1), mixed)
    assert halves.value == 2 / 4
    assert halves.low < 0.2
    assert halves.high > 0.8
    sure = estimate_ordering(rows(*[1, 0] * 4), mixed)
    assert (sure.low, sure.value, sure.high) == (1.0, 1.0, 1.0)
    assert estimate_area(rows(*[1, 0] * 4), mixed).value == 1.0


def test_gain_is_the_difference_and_hard_queries_fall_out() -> None:
    mixed = judged([0, 0, 1, 1], [3, 0, 3, 0])
    gain = estimate_ordering_gain(rows(1, 0, 0, 1), rows(0, 1, 0, 1), mixed)
    assert gain.value == (1 + 0) / 2 - (0 + 0) / 2
    same = estimate_ordering_gain(rows(1, 0, 0, 1), rows(2, 1, 1, 2), mixed)
    assert (same.low, same.value, same.high) == (0.0, 0.0, 0.0)
