"""Each formula against fractions worked out by hand, on one small answer that all of them share."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.evaluation.bootstrap import paired_difference
from trainer.evaluation.metrics.coverage import coverage
from trainer.evaluation.metrics.exclusive import exclusive
from trainer.evaluation.metrics.freshness import is_fresh, lag_ms
from trainer.evaluation.metrics.good import good_share
from trainer.evaluation.metrics.hit_rate import hit_rate
from trainer.evaluation.metrics.hits import Hits, hits_of, mean
from trainer.evaluation.metrics.mrr import reciprocal_rank
from trainer.evaluation.metrics.ndcg import ndcg
from trainer.evaluation.metrics.recall import recall
from trainer.evaluation.metrics.survivors import good_share_of_survivors, survivors

FOUND = np.array([[7, 3, 9, 1], [2, 4, 6, 8], [5, 5, 0, -1], [1, 2, 3, 4]])
WANTED = ([3, 1, 11], [9], [5, 0], [])
HITS = hits_of(FOUND, WANTED)
"""Query 0 finds two of three, at ranks 2 and 4; 1 finds nothing; 2 is answered one item twice; 3 wants nothing."""
NAN = float("nan")


def same(values: np.ndarray, expected: list[Fraction | float]) -> None:
    np.testing.assert_allclose(values, [float(value) for value in expected], rtol=1e-12)


def test_a_target_is_a_hit_once_and_padding_never_is() -> None:
    np.testing.assert_array_equal(
        HITS.at, [[False, True, False, True], [False] * 4, [True, False, True, False], [False] * 4]
    )
    np.testing.assert_array_equal(HITS.targets, [3, 1, 2, 0])
    np.testing.assert_array_equal(hits_of(FOUND, [[1, 1], [], [], []]).targets, [1, 0, 0, 0])


@pytest.mark.parametrize(("k", "expected"), [(1, [0, 0, Fraction(1, 2), NAN]), (4, [Fraction(2, 3), 0, 1, NAN])])
def test_recall_is_the_share_of_the_targets_that_was_found(k: int, expected: list[Fraction | float]) -> None:
    same(recall(HITS, k), expected)


def test_hit_rate_asks_only_whether_there_was_any() -> None:
    same(hit_rate(HITS, 1), [0, 0, 1, NAN])
    same(hit_rate(HITS, 2), [1, 0, 1, NAN])


def test_reciprocal_rank_is_of_the_first_target() -> None:
    same(reciprocal_rank(HITS, 4), [Fraction(1, 2), 0, 1, NAN])
    same(reciprocal_rank(HITS, 1), [0, 0, 1, NAN])


def test_ndcg_is_one_for_the_best_order_and_discounts_by_rank() -> None:
    third, fourth = 1 / math.log2(4), 1 / math.log2(5)
    second = 1 / math.log2(3)
    same(ndcg(HITS, 4), [(second + fourth) / (1 + second + third), 0, (1 + third) / (1 + second), NAN])
    same(ndcg(HITS, 1), [0, 0, 1, NAN])
    assert mean(ndcg(hits_of(np.array([[1, 2, 3]]), [[2, 1]]), 3)) == 1.0


def test_good_share_is_over_all_places() -> None:
    good = np.array([[True, False, True, True], [False] * 4])
    same(good_share(good, 4), [Fraction(3, 4), 0])
    same(good_share(good, 3), [Fraction(2, 3), 0])


def test_survivors_are_counted_and_judged_by_themselves() -> None:
    good = np.array([[True, False, True, True], [True] * 4])
    passed = np.array([[True, True, False, True], [False] * 4])
    same(survivors(passed, 4), [3, 0])
    same(good_share_of_survivors(good, passed, 4), [Fraction(2, 3), NAN])
    same(good_share_of_survivors(good, passed, 2), [Fraction(1, 2), NAN])


def test_coverage_counts_each_item_once_and_no_padding() -> None:
    assert coverage(FOUND, 4, items=20) == float(Fraction(10, 20))
    assert coverage(FOUND, 1, items=20) == float(Fraction(4, 20))


def test_a_channel_is_credited_with_the_targets_that_it_alone_brought() -> None:
    vector, lexical = 1, 2
    channels = np.array([[3, 1, 1, 2], [1] * 4, [3, 1, 1, 0], [1] * 4])
    same(exclusive(HITS, channels, vector, 4), [Fraction(1, 3), 0, Fraction(1, 2), NAN])
    same(exclusive(HITS, channels, lexical, 4), [Fraction(1, 3), 0, 0, NAN])
    same(exclusive(HITS, channels, lexical, 3), [0, 0, 0, NAN])


def test_an_answer_is_fresh_that_knew_the_newest_and_lags_by_what_it_did_not_know() -> None:
    newest, used = np.array([50, 50, 50, -1, 50]), np.array([50, 20, -1, -1, 60])
    same(is_fresh(newest, used, absent=-1), [1, 0, 0, NAN, 1])
    same(lag_ms(newest, used, absent=-1), [0, 30, NAN, NAN, 0])


def test_a_mean_leaves_out_what_is_not_known() -> None:
    assert mean(np.array([1.0, NAN, 0.0])) == 0.5
    assert math.isnan(mean(np.array([NAN])))


@given(st.lists(st.tuples(st.permutations(range(6)), st.sets(st.integers(0, 8))), min_size=1, max_size=5))
def test_deeper_never_finds_less_and_all_metrics_agree_on_nothing_and_everything(
    asked: list[tuple[list[int], set[int]]],
) -> None:
    hits = hits_of(np.array([answer for answer, _ in asked]), [sorted(targets) for _, targets in asked])
    for metric in (recall, hit_rate, reciprocal_rank):
        values = np.array([np.nan_to_num(metric(hits, k)) for k in range(1, 7)])
        assert (np.diff(values, axis=0) >= 0).all()
        assert ((values >= 0) & (values <= 1)).all()
    for k in (1, 6):
        found = np.nan_to_num(hit_rate(hits, k)) > 0
        for metric in (recall, reciprocal_rank, ndcg):
            np.testing.assert_array_equal(np.nan_to_num(metric(hits, k)) > 0, found)
        assert (np.nan_to_num(ndcg(hits, k)) <= 1 + 1e-12).all()


def test_a_difference_is_sure_when_it_is_on_every_query_and_not_when_it_is_noise() -> None:
    rng = np.random.default_rng(5)
    hard = rng.random(400)
    better = paired_difference(hard, hard + 0.01)
    assert better.mean == pytest.approx(0.01)
    assert better.sure, "the queries differ a hundred times as much as the systems, but both answer the same ones"
    assert not paired_difference(hard, hard + rng.normal(0, 0.5, 400)).sure


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(6)
    held = 0
    for seed in range(200):
        found = paired_difference(np.zeros(60), rng.normal(0.3, 1.0, 60), seed=seed, draws=400)
        held += found.low <= 0.3 <= found.high
    assert 180 <= held <= 199, "95 % of 200 is 190; a bootstrap of 60 is a little narrow"


def test_queries_that_only_one_system_answers_are_left_out() -> None:
    difference = paired_difference(np.array([0.0, NAN, 1.0]), np.array([1.0, 1.0, NAN]))
    assert (difference.mean, difference.queries) == (1.0, 1)
    assert paired_difference(np.array([NAN]), np.array([1.0])).queries == 0


def test_shares_without_targets_are_unknown_and_not_zero() -> None:
    assert np.isnan(Hits(np.zeros((1, 2), np.bool_), np.array([0])).shares(np.array([0]))).all()
