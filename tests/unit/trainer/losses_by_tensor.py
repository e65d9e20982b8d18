"""The objective of a case of scores, and its slopes by each of them."""

import numpy as np
import tensorflow as tf

from tests.unit.trainer.losses_by_hand import Case, Doubles
from trainer.configs.config import LossConfig
from trainer.losses.mixed_negatives import draw_alphas
from trainer.losses.objective import objective
from trainer.models.layers.layer import Tensor

SEED = np.array([3, 7], np.int32)


def loss_of(case: Case, config: LossConfig, seed: np.ndarray = SEED) -> Tensor:
    return loss_and_slopes(case, config, seed)[0]


def loss_and_slopes(case: Case, config: LossConfig, seed: np.ndarray = SEED) -> tuple[Tensor, np.ndarray]:
    """The loss, and its gradient by each raw inner product: unit vectors as queries make items of them."""
    queries = tf.eye(len(case.scores))
    items = tf.constant(case.scores.T, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(items)
        loss = objective(queries, items, case.candidates, case.known, case.draws, config, seed=tf.constant(seed))
    return loss, tf.convert_to_tensor(tape.gradient(loss, items)).numpy().T


def alphas_of(rows: int, count: int) -> Doubles:
    """What SEED draws from U(0.4, 0.6)."""
    alphas: Doubles = draw_alphas(tf.zeros([rows, count]), SEED, low=0.4, high=0.6).numpy().astype(np.float64)
    return alphas


def by_item(slopes: np.ndarray, case: Case) -> Doubles:
    """Slopes of columns that hold one item are summed: which of them is read is nobody's business."""
    return np.stack([slopes[:, case.candidates == item].sum(1) for item in np.unique(case.candidates)], 1)
