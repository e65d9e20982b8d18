"""Whole objectives and their slopes against NumPy, and what the configuration refuses."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from pydantic import ValidationError

from multigrain.errors import InvalidConfig
from tests.small_training import small_config
from tests.unit.trainer.losses_by_hand import Case, objective_by_hand, slopes_by_hand
from tests.unit.trainer.losses_by_tensor import SEED, alphas_of, by_item, loss_and_slopes, loss_of
from trainer.configs.config import LossConfig, load_config, shipped_configs
from trainer.losses.objective import check_objective, objective
from trainer.models.layers.layer import Tensor

RNG = np.random.default_rng(5)
CASE = Case(
    scores=RNG.normal(size=(3, 8)),
    # Rows 0 and 2 share a positive; the pool holds row 1's, and 14 twice.
    candidates=np.array([10, 11, 10, 13, 14, 11, 16, 14], np.int32),
    known=np.array([[10, 14, 13], [11, -1, -1], [10, 99, 16]], np.int32),
    draws=RNG.uniform(0.5, 4, 8).astype(np.float32),
    alphas=alphas_of(3, 4),
)
# What stands twice among the candidates is one item, so it has one score and one chance.
CASE.scores[:, [2, 5, 7]] = CASE.scores[:, [0, 1, 4]]
CASE.draws[[2, 5, 7]] = CASE.draws[[0, 1, 4]]

CONFIGS = [
    LossConfig(temperature=2.0),
    LossConfig(temperature=0.5, log_q=True),
    LossConfig(positives="many"),
    LossConfig(positives="many", log_q=True, mixed=4),
    LossConfig(temperature=0.7, mixed=4),
    LossConfig(kind="hinge"),
    LossConfig(kind="hinge", margin=0.3),
]


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_the_objective_is_what_the_formulas_give(config: LossConfig) -> None:
    assert float(loss_of(CASE, config)) == pytest.approx(objective_by_hand(CASE, config), abs=1e-5)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_slopes_are_the_central_differences_of_the_formulas(config: LossConfig) -> None:
    expected = slopes_by_hand(CASE, lambda case: objective_by_hand(case, config))
    _, slopes = loss_and_slopes(CASE, config)
    np.testing.assert_allclose(by_item(slopes, CASE), by_item(expected, CASE), atol=1e-5)


@pytest.mark.parametrize("moves", [True, False])
def test_the_positives_slope_is_the_papers_formula(moves: bool) -> None:
    """dL/ds+ = (-1 + p+ + sum of alpha_j p_mix_j) / tau; with the positive's share held still, the sum is left out."""
    tau, rows = 0.7, len(CASE.scores)
    items = np.arange(8, dtype=np.int32)
    alone = replace(CASE, candidates=items, known=items[:rows, np.newaxis])
    _, slopes = loss_and_slopes(alone, LossConfig(temperature=tau, mixed=4, mixed_moves_positive=moves))
    for row, scores in enumerate(alone.scores):
        hard = np.sort(np.delete(scores, row))[::-1][:4]
        alphas = alone.alphas[row]
        mixes = alphas * scores[row] + (1 - alphas) * hard
        weights = np.exp(np.concatenate([[scores[row]], np.delete(scores, row), mixes]) / tau)
        shares = weights / weights.sum()
        from_mixes = (alphas * shares[8:]).sum() if moves else 0.0
        # Over the rows, because the loss is their mean.
        assert slopes[row, row] == pytest.approx((-1 + shares[0] + from_mixes) / tau / rows, abs=1e-6)


@pytest.mark.parametrize("config", [config for config in CONFIGS if config.positives == "one"], ids=str)
def test_nothing_is_learnt_from_an_accidental_hit(config: LossConfig) -> None:
    _, slopes = loss_and_slopes(CASE, config)
    hits = [(0, 2), (0, 3), (0, 4), (0, 7), (1, 5), (2, 0), (2, 6)]
    assert [slopes[hit] for hit in hits] == [0.0] * len(hits)


def test_many_positives_are_all_pulled_up_and_none_is_anothers_negative() -> None:
    _, slopes = loss_and_slopes(CASE, LossConfig(positives="many"))
    of_10, of_11, of_13, of_14, of_16 = by_item(slopes, CASE)[0]
    assert max(of_10, of_13, of_14) < 0 < min(of_11, of_16), "row 0 knows 10, 13 and 14"
    two = Case(
        scores=np.array([[0.0, 100.0]]),
        candidates=np.array([0, 1], np.int32),
        known=np.array([[0, 1]], np.int32),
        draws=np.ones(2, np.float32),
        alphas=np.zeros((1, 0)),
    )
    assert float(loss_of(two, LossConfig(positives="many"))) == 0.0


def test_where_each_row_has_one_positive_many_is_one() -> None:
    single = replace(CASE, known=np.array([[10, -1], [11, -1], [10, -1]], np.int32))
    for options in ({}, {"log_q": True}, {"mixed": 4}):
        one, many = (LossConfig(positives=positives, **options) for positives in ("one", "many"))
        (loss, slopes), (other, others) = loss_and_slopes(single, one), loss_and_slopes(single, many)
        np.testing.assert_array_equal(loss, other)
        np.testing.assert_allclose(slopes, others, atol=1e-7)


def test_one_seed_gives_one_loss_to_the_last_bit_and_another_seed_another() -> None:
    config = LossConfig(mixed=4)
    tf.random.set_seed(1)
    first = loss_of(CASE, config).numpy()
    tf.random.set_seed(2)
    assert loss_of(CASE, config).numpy() == first
    assert loss_of(CASE, config, np.array([3, 8], np.int32)).numpy() != first


def test_without_mixing_the_seed_is_not_read() -> None:
    assert loss_of(CASE, CONFIGS[0]).numpy() == loss_of(CASE, CONFIGS[0], np.array([0, 0], np.int32)).numpy()


@pytest.mark.parametrize("half", [tf.bfloat16, tf.float16, tf.float64])
def test_the_loss_is_float32_whatever_the_towers_compute_in(half: Any) -> None:
    queries, items = tf.cast(RNG.normal(size=(3, 6)), half), tf.cast(RNG.normal(size=(8, 6)), half)
    seed = tf.constant(SEED)
    for config in CONFIGS:
        loss = objective(queries, items, CASE.candidates, CASE.known, CASE.draws, config, seed=seed)
        wide = (tf.cast(queries, tf.float32), tf.cast(items, tf.float32))
        assert loss.dtype == tf.float32
        assert loss.numpy() == objective(*wide, CASE.candidates, CASE.known, CASE.draws, config, seed=seed).numpy()


def compiled_loss(config: LossConfig, seed: Tensor) -> Tensor:
    def loss(items: Tensor, seed: Tensor) -> Tensor:
        return objective(tf.eye(3), items, CASE.candidates, CASE.known, CASE.draws, config, seed=seed)

    return tf.function(loss, jit_compile=True, autograph=False)(tf.constant(CASE.scores.T, tf.float32), seed)


@pytest.mark.parametrize(
    "config",
    [LossConfig(kind="hinge"), LossConfig(positives="many", log_q=True, mixed=4, mixed_low=0.5, mixed_high=0.5)],
    ids=str,
)
def test_compiled_by_xla_the_loss_is_the_same(config: LossConfig) -> None:
    np.testing.assert_allclose(compiled_loss(config, tf.constant(SEED)), loss_of(CASE, config), rtol=1e-6)


def test_compiled_by_xla_one_seed_gives_one_loss_to_the_last_bit() -> None:
    first, again = (compiled_loss(LossConfig(mixed=4), tf.constant(SEED)).numpy() for _ in range(2))
    assert first == again
    assert compiled_loss(LossConfig(mixed=4), tf.constant([3, 8])).numpy() != first


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_vectors_that_follow_the_objective_put_each_rows_positive_first(config: LossConfig) -> None:
    """Free vectors, no towers: what is left is whether going down the objective is going towards retrieval."""
    rng = np.random.default_rng(0)
    queries, items = (tf.Variable(rng.normal(0, 0.1, (rows, 16)).astype(np.float32)) for rows in (8, 24))
    candidates = tf.range(24)
    known = tf.stack([tf.range(8), tf.range(8) + 16], 1)  # each row clicked one of the pool, too
    seed, draws = tf.constant(SEED), tf.ones(24)

    @tf.function(autograph=False)
    def go_down() -> None:
        with tf.GradientTape() as tape:
            loss = objective(queries, items, candidates, known, draws, config, seed=seed)
        for vectors, slope in zip((queries, items), tape.gradient(loss, (queries, items)), strict=True):
            vectors.assign_sub(2.0 * tf.convert_to_tensor(slope))

    for _ in range(150):
        go_down()
    order = np.argsort(-(queries.numpy() @ items.numpy().T), axis=1)
    if config.positives == "many":
        assert [set(first) for first in order[:, :2].tolist()] == [{row, row + 16} for row in range(8)]
    else:
        # The other item that was clicked is no negative, so it may stand anywhere.
        assert all(row in first for row, first in enumerate(order[:, :2].tolist()))


def test_more_hard_negatives_than_there_are_negatives_is_refused_with_the_cure() -> None:
    with pytest.raises(InvalidConfig, match=r"loss\.mixed: 684 .* has 355: .* raise loss\.pool to 429 or more"):
        check_objective(small_config(loss={"mixed": 684, "pool": 100}, run={"batch_size": 256}))
    check_objective(small_config(loss={"mixed": 684, "pool": 429}, run={"batch_size": 256}))


@pytest.mark.parametrize("name", shipped_configs())
def test_shipped_objectives_can_work(name: str) -> None:
    check_objective(load_config(name))


@pytest.mark.parametrize("options", [{"mixed": 4}, {"log_q": True}, {"positives": "many"}])
def test_a_hinge_with_the_softmaxs_corrections_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="a hinge has no denominator"):
        LossConfig.model_validate({"kind": "hinge", **options})
