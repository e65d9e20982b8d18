"""How much an example counts, by its age, and against which items, by its category."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.builders import an_item
from tests.small_training import small_config
from tests.unit.trainer.conftest import SmallRun
from tests.unit.trainer.losses_by_hand import Case, objective_by_hand
from tests.unit.trainer.losses_by_tensor import SEED
from trainer.configs.config import LossConfig
from trainer.data.encoded_shards import Encoder
from trainer.data.example_rows import read_examples
from trainer.data.logs import items_of
from trainer.losses.objective import objective
from trainer.losses.recency import recency
from trainer.losses.within_category import of_own_category
from trainer.models.layers.layer import Tensor
from trainer.progress import silent
from trainer.replicas import Part
from trainer.training.aged_examples import AGE, AgedEncoder
from trainer.training.checkpoints import Checkpoints
from trainer.training.loop import Kept
from trainer.training.train import train

HOUR_MS = 3_600_000
RNG = np.random.default_rng(2)
CASE = Case(
    scores=RNG.normal(size=(2, 6)),
    candidates=np.arange(10, 16, dtype=np.int32),
    known=np.array([[10, 13], [11, -1]], np.int32),
    draws=RNG.uniform(0.5, 4, 6).astype(np.float32),
    alphas=np.zeros((2, 0)),
)
CONFIGS = [LossConfig(), LossConfig(temperature=0.5, log_q=True), LossConfig(kind="hinge")]


def loss_of(case: Case, config: LossConfig, **told: Tensor) -> float:
    scores, seed = tf.constant(case.scores.T, tf.float32), tf.constant(SEED)
    queries = tf.eye(len(case.scores))
    return float(objective(queries, scores, case.candidates, case.known, case.draws, config, seed=seed, **told))


def row_of(case: Case, row: int, columns: list[int]) -> Case:
    """One row alone, held against its own positive and these columns."""
    kept = [row, *columns]
    return replace(
        case,
        scores=case.scores[[row]][:, kept],
        candidates=case.candidates[kept],
        known=case.known[[row]],
        draws=case.draws[kept],
        alphas=case.alphas[[row]],
    )


def test_a_half_life_ago_counts_half_and_two_count_a_quarter() -> None:
    weights = recency(tf.constant([0, 3 * 24, 6 * 24]), half_life_days=3.0)
    np.testing.assert_allclose(weights, [1.0, 0.5, 0.25], rtol=1e-6)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_each_row_counts_by_its_weight(config: LossConfig) -> None:
    first = objective_by_hand(row_of(CASE, 0, [1, 2, 3, 4, 5]), config)
    second = objective_by_hand(row_of(CASE, 1, [0, 2, 3, 4, 5]), config)
    weighted = loss_of(CASE, config, weights=tf.constant([1.0, 0.25]))
    assert weighted == pytest.approx((first + 0.25 * second) / 2, abs=1e-5)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_within_a_category_only_its_own_items_are_negatives(config: LossConfig) -> None:
    categories = tf.constant([7, 8, 7, 7, 8, 7])
    first = objective_by_hand(row_of(CASE, 0, [2, 3, 5]), config)
    second = objective_by_hand(row_of(CASE, 1, [4]), config)
    assert loss_of(CASE, config, categories=categories) == pytest.approx((first + second) / 2, abs=1e-5)


def test_a_row_whose_category_nobody_else_has_teaches_nothing() -> None:
    categories = tf.constant([7, 8, 9, 9, 9, 9])
    scores = tf.Variable(tf.constant(CASE.scores.T, tf.float32))
    with tf.GradientTape() as tape:
        told = (tf.eye(2), scores, CASE.candidates, CASE.known, CASE.draws, LossConfig(log_q=True))
        loss = objective(*told, seed=tf.constant(SEED), categories=categories)
    assert float(loss) == 0.0
    np.testing.assert_array_equal(tape.gradient(loss, scores), np.zeros((6, 2), np.float32))


def test_a_row_has_the_category_of_its_own_positive() -> None:
    same = of_own_category(tf.constant([4, 5, 5, 4]), tf.constant(2)).numpy()
    assert same.tolist() == [[True, False, False, True], [False, True, True, False]]


def test_ages_are_whole_hours_before_the_end_beside_what_is_encoded_anyway(small_run: SmallRun) -> None:
    config, items = small_run.config, list(items_of(small_run.logs))
    vocabularies = small_run.bundle.vocabularies()
    examples = list(read_examples(small_run.candidate.examples, "train"))[:5]
    now_ms = max(example.at_ms for example in examples) + 90 * 60_000  # an hour and a half
    encoded = AgedEncoder(items, vocabularies, config, now_ms=now_ms).encode(examples)
    plain = Encoder(items, vocabularies, lengths=config.text.to_floor(), windows=config.windows.to_floor())
    assert encoded.pop(AGE).tolist() == [(now_ms - example.at_ms) // HOUR_MS for example in examples]
    for name, array in plain.encode(examples).items():
        np.testing.assert_array_equal(encoded[name], array)


def test_examples_without_an_item_of_the_catalogue_have_no_age_either(small_run: SmallRun) -> None:
    example = next(iter(read_examples(small_run.candidate.examples, "train")))
    gone = replace(example, clicked=("left-the-catalogue",))
    items, vocabularies = [an_item(1), *items_of(small_run.logs)], small_run.bundle.vocabularies()
    encoder = AgedEncoder(items, vocabularies, small_run.config, now_ms=example.at_ms)
    encoded = encoder.encode([gone, example])
    assert {len(array) for array in encoded.values()} == {1}


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_parts_of_a_batch_make_up_its_loss(config: LossConfig) -> None:
    """As two replicas compute it: each its own rows, with its own positives turned to the front."""
    weights, categories = tf.constant([1.0, 0.25]), tf.constant([7, 8, 7, 7, 8, 7])
    whole = loss_of(CASE, config, weights=weights, categories=categories)
    halves = []
    for number in range(2):
        part = Part(number, 2)
        turned = part.own_first(np.arange(6), rows=1).numpy().tolist()
        half = row_of(CASE, number, turned[1:])
        counted = {"weights": weights[number : number + 1], "categories": tf.gather(categories, turned)}
        halves.append(loss_of(half, config, part=part, **counted))
    assert np.mean(halves) == pytest.approx(whole, abs=1e-5)


def test_towers_learn_with_both(small_run: SmallRun, tmp_path: Path) -> None:
    items = list(items_of(small_run.logs))
    told = {"half_life_days": 2.0, "negatives": "category"}
    trained = train(
        small_run.candidate.examples,
        items,
        np.ones(len(items), np.int64),
        small_run.bundle.vocabularies(),
        small_config(loss=told, run={"epochs": 4}),
        kept=Kept(tmp_path, Checkpoints(tmp_path / "checkpoints")),
        reporter=silent,
        clock=lambda: 0.0,
    )
    assert trained.losses[-1] < trained.losses[0]


def test_by_default_neither_age_nor_category_counts() -> None:
    config = small_config().loss
    assert (config.half_life_days, config.negatives) == (0.0, "all")
