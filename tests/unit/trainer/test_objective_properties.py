"""What holds for every objective of every batch."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.trainer.losses_by_hand import Case, objective_by_hand
from tests.unit.trainer.losses_by_tensor import alphas_of, loss_and_slopes, loss_of
from trainer.configs.config import LossConfig


@st.composite
def cases(draw: st.DrawFn) -> tuple[Case, LossConfig]:
    """Small batches full of hits, under any configuration."""
    rows, pool, knowns = draw(st.integers(1, 3)), draw(st.integers(1, 6)), draw(st.integers(0, 3))
    item = st.integers(0, 5)
    candidates = np.array(draw(st.lists(item, min_size=rows + pool, max_size=rows + pool)), np.int32)
    further = draw(
        st.lists(
            st.lists(st.integers(-1, 5), min_size=knowns, max_size=knowns, unique=True), min_size=rows, max_size=rows
        )
    )
    known = [[own, *(-1 if k == own else k for k in others)] for own, others in zip(candidates, further, strict=False)]
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    # One score and one chance for each item, whatever columns hold it.
    scores, draws = rng.normal(size=(rows, 6)) * draw(st.sampled_from([1, 10])), rng.uniform(0.1, 5, 6)
    softmax = st.builds(
        LossConfig,
        temperature=st.sampled_from([0.5, 1.0, 2.0]),
        log_q=st.booleans(),
        positives=st.sampled_from(["one", "many"]),
        mixed=st.integers(0, rows + pool - 1),
        mixed_moves_positive=st.booleans(),
    )
    config = draw(st.one_of(softmax, st.builds(LossConfig, kind=st.just("hinge"), margin=st.floats(0.1, 5))))
    case = Case(
        scores=scores[:, candidates],
        candidates=candidates,
        known=np.array(known, np.int32),
        draws=draws[candidates].astype(np.float32),
        alphas=alphas_of(rows, config.mixed),
    )
    return case, config


def with_columns(case: Case, columns: list[int]) -> Case:
    """The same batch with these columns, in this order; those of the rows stay first."""
    scores, candidates, draws = case.scores[:, columns], case.candidates[columns], case.draws[columns]
    return replace(case, scores=scores, candidates=candidates, draws=draws)


@settings(deadline=None, max_examples=100)
@given(cases())
def test_any_objective_of_any_batch_is_what_the_formulas_give(drawn: tuple[Case, LossConfig]) -> None:
    case, config = drawn
    assert float(loss_of(case, config)) == pytest.approx(objective_by_hand(case, config), rel=1e-4, abs=1e-5)


@settings(deadline=None, max_examples=40)
@given(cases(), st.floats(-1e4, 1e4))
def test_a_masked_candidate_never_changes_the_loss(drawn: tuple[Case, LossConfig], score: float) -> None:
    case, config = drawn
    masked, known = 99, np.pad(case.known, ((0, 0), (0, 1)), constant_values=99)
    before = replace(case, known=known)
    after = replace(
        before,
        scores=np.pad(case.scores, ((0, 0), (0, 1)), constant_values=score),
        candidates=np.append(case.candidates, masked).astype(np.int32),
        draws=np.append(case.draws, 1).astype(np.float32),
    )
    if config.positives == "many":
        # There it is one more positive; what must not matter is that it comes up a second time.
        before, after = after, with_columns(after, [*range(len(after.candidates)), len(after.candidates) - 1])
    np.testing.assert_allclose(loss_of(after, config), loss_of(before, config), rtol=1e-5, atol=1e-6)


@settings(deadline=None, max_examples=40)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_pool_does_not_matter(drawn: tuple[Case, LossConfig], random: Random) -> None:
    case, config = drawn
    rows, columns = len(case.scores), len(case.candidates)
    pool = random.sample(range(rows, columns), columns - rows)
    moved = with_columns(case, [*range(rows), *pool])
    np.testing.assert_allclose(loss_of(moved, config), loss_of(case, config), rtol=1e-5, atol=1e-6)


@settings(deadline=None, max_examples=40)
@given(cases().filter(lambda drawn: drawn[1].kind == "softmax"))
def test_a_temperature_is_the_same_as_smaller_scores(drawn: tuple[Case, LossConfig]) -> None:
    case, config = drawn
    cooled = replace(case, scores=case.scores / config.temperature)
    plain = config.model_copy(update={"temperature": 1.0})
    np.testing.assert_allclose(loss_of(cooled, plain), loss_of(case, config), rtol=1e-4, atol=1e-5)


@settings(deadline=None, max_examples=50)
@given(cases(), st.sampled_from([1e4, -1e4, 0.0]), st.booleans())
def test_loss_and_slopes_are_numbers_for_huge_scores_and_for_rows_without_negatives(
    drawn: tuple[Case, LossConfig], scale: float, all_known: bool
) -> None:
    case, config = drawn
    every = np.tile(np.arange(6, dtype=np.int32), (len(case.scores), 1))
    extreme = replace(case, scores=case.scores * scale, known=every if all_known else case.known)
    loss, slopes = loss_and_slopes(extreme, config)
    assert np.isfinite(loss.numpy())
    assert np.isfinite(slopes).all()
    if all_known:
        assert float(loss) == 0.0, "nothing is to be told apart"
