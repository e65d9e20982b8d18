"""Curves from pairs of which the true curve is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.cut_off import CutOff
from multigrain.errors import Refused
from multigrain.types import Float32s
from trainer.cut_off.choosing import brought_to, choose, least_for, log_loss, probabilities_of
from trainer.cut_off.fitting import fit_curves, fit_one_curve
from trainer.cut_off.pairs import Pairs
from trainer.cut_off.reliability import reliability_of

DIMS = 4
FIRM, FREE = 1e4, 1e-5


def a_curve(slopes: Float32s, offsets: Float32s, *, slope: float, offset: float) -> CutOff:
    return CutOff(
        slope_weights=slopes, slope_bias=math.log(slope), offset_weights=offsets, offset_bias=offset, least=0.5
    )


def simulated(truth: CutOff, seed: int, *, searches: int = 800, each: int = 12) -> Pairs:
    """Searches of random vectors, items of random scores, and wanted as often as the true curve says."""
    rng = np.random.default_rng(seed)
    vectors = (rng.normal(size=(searches, DIMS)) + 0.5).astype(np.float32)
    search = np.repeat(np.arange(searches), each)
    scores = rng.uniform(-0.2, 1.0, len(search)).astype(np.float32)
    pairs = Pairs(vectors=vectors, search=search, scores=scores, good=np.zeros(len(search), np.bool_))
    return replace(pairs, good=rng.random(len(search)) < probabilities_of(truth, pairs))


def bent(seed: int = 0) -> CutOff:
    """Queries differ much, in the slope and in the offset."""
    rng = np.random.default_rng(seed)
    slopes, offsets = rng.normal(0, 0.3, DIMS), rng.normal(0, 1.0, DIMS)
    return a_curve(slopes.astype(np.float32), offsets.astype(np.float32), slope=6, offset=-3)


STRAIGHT = a_curve(np.zeros(DIMS, np.float32), np.zeros(DIMS, np.float32), slope=8, offset=-4)

weights = st.lists(st.floats(-0.5, 0.5, width=32), min_size=DIMS, max_size=DIMS).map(lambda w: np.array(w, np.float32))


@settings(max_examples=15, deadline=None)
@given(weights, weights, st.floats(3, 15), st.floats(-6, 0), st.integers(0, 1000))
def test_a_known_curve_is_recovered(
    slopes: Float32s, offsets: Float32s, slope: float, offset: float, seed: int
) -> None:
    truth = a_curve(slopes, 3 * offsets, slope=slope, offset=offset)

    fitted = fit_curves(simulated(truth, seed), FREE)

    fresh = simulated(truth, seed + 1)
    off = np.abs(probabilities_of(fitted, fresh) - probabilities_of(truth, fresh))
    assert off.mean() < 0.03


def test_one_curve_is_recovered_to_its_numbers() -> None:
    fitted = fit_one_curve(simulated(STRAIGHT, 1, searches=4000))

    assert math.exp(fitted.slope_bias) == pytest.approx(8, rel=0.05)
    assert fitted.offset_bias == pytest.approx(-4, rel=0.05)
    assert not fitted.slope_weights.any()
    assert not fitted.offset_weights.any()


def test_a_firm_penalty_leaves_the_one_curve() -> None:
    pairs = simulated(bent(), 2)

    firm, one = fit_curves(pairs, FIRM), fit_one_curve(pairs)

    assert np.abs(probabilities_of(firm, pairs) - probabilities_of(one, pairs)).max() < 0.001


def test_the_unit_of_scores_and_vectors_changes_no_probability() -> None:
    pairs = simulated(bent(), 3)
    larger = replace(pairs, scores=pairs.scores * 100, vectors=pairs.vectors * 10)

    same = probabilities_of(fit_curves(larger, 0.01), larger)

    assert same == pytest.approx(probabilities_of(fit_curves(pairs, 0.01), pairs), abs=1e-4)


def test_scores_that_tell_all_pairs_apart_still_give_a_curve() -> None:
    pairs = simulated(STRAIGHT, 4)
    apart = replace(pairs, scores=np.where(pairs.good, 0.9, 0.1).astype(np.float32))

    likely = probabilities_of(fit_curves(apart, 0.01), apart)

    assert likely[apart.good].min() > 0.99
    assert likely[~apart.good].max() < 0.01


def test_the_same_pairs_give_the_same_bytes() -> None:
    first, again = (fit_curves(simulated(bent(), 5), 0.01) for _ in range(2))

    assert first.slope_weights.tobytes() == again.slope_weights.tobytes()
    assert (first.slope_bias, first.offset_bias) == (again.slope_bias, again.offset_bias)


def test_where_queries_differ_their_own_curves_are_chosen_and_are_more_reliable() -> None:
    truth = bent(1)

    choice = choose(simulated(truth, 6), simulated(truth, 7), 0.99)

    assert choice.penalty is not None
    fresh = simulated(truth, 8, searches=3000)
    own, one = reliability_of(choice.cut_off, fresh), reliability_of(choice.one_curve, fresh)
    assert own.log_loss < one.log_loss - 0.03
    assert own.calibration_error < 0.02
    assert own.wanted_lost == pytest.approx(0.01, abs=0.006)
    assert own.others_dropped > one.others_dropped


def test_where_queries_are_alike_they_hardly_bend() -> None:
    choice = choose(simulated(STRAIGHT, 9), simulated(STRAIGHT, 10), 0.99)

    fresh = simulated(STRAIGHT, 11)
    assert log_loss(choice.cut_off, fresh) < log_loss(choice.one_curve, fresh) + 0.003


def test_curves_that_are_too_sure_are_brought_to_what_was_held_out() -> None:
    # Half as steep in all, and lower by 1: 8 * score - 4 becomes 4 * score - 3.
    less_sure = a_curve(STRAIGHT.slope_weights, STRAIGHT.offset_weights, slope=4, offset=-3)

    found = brought_to(simulated(less_sure, 15, searches=4000), STRAIGHT)

    assert math.exp(found.slope_bias) == pytest.approx(4, rel=0.05)
    assert found.offset_bias == pytest.approx(-3, rel=0.05)


def test_the_least_is_the_highest_that_keeps_the_share() -> None:
    # 200 wanted items at 0.000, 0.005 ...: two may be lost, so the third is the first to stay.
    scores = (np.arange(200) / 200).astype(np.float32)
    pairs = Pairs(
        vectors=np.zeros((1, DIMS), np.float32),
        search=np.zeros(200, np.int64),
        scores=scores,
        good=np.ones(200, np.bool_),
    )

    least = least_for(STRAIGHT, pairs, 0.99)

    assert least == pytest.approx(1 / (1 + math.exp(4 - 8 * 0.010)))
    assert int((probabilities_of(STRAIGHT, pairs) < least).sum()) == 2


def test_too_few_held_out_items_are_refused_with_how_many_are_needed() -> None:
    few = simulated(STRAIGHT, 12, searches=5)

    with pytest.raises(Refused, match=r"100 are needed: raise run\.held_out"):
        choose(simulated(STRAIGHT, 13), few, 0.99)


def test_towers_that_do_not_tell_wanted_items_apart_are_refused() -> None:
    pairs = simulated(STRAIGHT, 14)

    with pytest.raises(Refused, match="train longer"):
        fit_one_curve(replace(pairs, good=~pairs.good))


def test_reliability_is_counted_by_bins() -> None:
    # At a score of 0.4 the curve says 1 / (1 + exp(0.8)) = 0.310, at 10 it is sure; the least is 0.5.
    scores = np.array([0.4] * 4 + [10.0] * 4, np.float32)
    good = np.array([True, False, False, False, True, True, False, False])
    pairs = Pairs(vectors=np.zeros((1, DIMS), np.float32), search=np.zeros(8, np.int64), scores=scores, good=good)

    found = reliability_of(STRAIGHT, pairs)

    assert [(one.pairs, one.good) for one in found.bins] == [(4, 0.25), (4, 0.5)]
    assert found.calibration_error == pytest.approx((0.310 - 0.25) / 2 + (1 - 0.5) / 2, abs=0.001)
    assert (found.wanted_lost, found.others_dropped) == (pytest.approx(1 / 3), pytest.approx(3 / 5))
