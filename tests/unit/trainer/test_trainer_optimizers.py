"""AdaGrad and Adam against NumPy, dense and by rows."""

import numpy as np
import pytest
import tensorflow as tf

from trainer.configs.config import OptimizerConfig
from trainer.training.optimizers import AdaGrad, LazyAdam, rate_at


def after_steps(kind: type[AdaGrad] | type[LazyAdam], gradients: list[object]) -> np.ndarray:
    variable = tf.Variable(np.ones((3, 2), np.float32))
    optimizer = kind([variable])
    for gradient in gradients:
        optimizer.apply([gradient], [variable], tf.constant(0.1))
    return variable.numpy()


def test_adagrad_divides_by_the_root_of_squares_so_far() -> None:
    moved = after_steps(AdaGrad, [tf.fill([3, 2], 0.3)] * 2)
    expected = 1 - 0.1 * 0.3 / np.sqrt(0.1 + 0.09) - 0.1 * 0.3 / np.sqrt(0.1 + 0.09 + 0.09)
    np.testing.assert_allclose(moved, np.full((3, 2), expected), rtol=1e-5)


def test_the_first_step_of_adam_is_as_long_as_the_rate() -> None:
    np.testing.assert_allclose(after_steps(LazyAdam, [tf.fill([3, 2], -7.0)]), np.full((3, 2), 1.1), rtol=1e-4)


@pytest.mark.parametrize("kind", [AdaGrad, LazyAdam])
def test_a_row_read_twice_moves_by_the_sum_and_others_stay(kind: type[AdaGrad] | type[LazyAdam]) -> None:
    twice = tf.IndexedSlices(tf.constant([[0.2, 0.2], [0.5, 0.5]]), tf.constant([1, 1]))
    once = tf.IndexedSlices(tf.constant([[0.7, 0.7]]), tf.constant([1]))
    moved = after_steps(kind, [twice])
    np.testing.assert_allclose(moved, after_steps(kind, [once]), rtol=1e-6)
    np.testing.assert_array_equal(moved[[0, 2]], np.ones((2, 2)))
    assert (moved[1] < 1).all()


def test_linear_decay_falls_to_nothing() -> None:
    config = OptimizerConfig(learning_rate=0.4, decay="linear")
    assert [rate_at(step, 4, config) for step in range(4)] == pytest.approx([0.4, 0.3, 0.2, 0.1])
    assert rate_at(3, 4, OptimizerConfig(learning_rate=0.4)) == 0.4
