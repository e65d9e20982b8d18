"""AdaGrad and Adam that leave alone the rows of a table which a batch did not read.

The towers are mostly embedding tables; an optimiser that touches every row every step would spend its time there.
"""

from collections.abc import Sequence
from typing import Protocol

import tensorflow as tf

from trainer.configs.config import OptimizerConfig
from trainer.models.layers.layer import Tensor
from trainer.replicas import on_every_copy

ADAGRAD_START = 0.1
"""Of the accumulator: it keeps the first steps from being huge."""
BETA_1, BETA_2, ADAM_EPSILON = 0.9, 0.999, 1e-7


class Optimizer(Protocol):
    """Moves variables by gradients; called inside a graph, by each replica with the same gradients."""

    @property
    def variables(self) -> Sequence[Tensor]:
        """What it remembers, in an order that does not change: a checkpoint keeps it."""

    def apply(self, gradients: Sequence[Tensor], variables: Sequence[Tensor], rate: Tensor) -> None: ...


def make_optimizer(config: OptimizerConfig, variables: Sequence[Tensor]) -> Optimizer:
    return AdaGrad(variables) if config.name == "adagrad" else LazyAdam(variables)


def rate_at(step: int, steps: int, config: OptimizerConfig) -> float:
    """The learning rate of step `step`, counted from 0, of `steps`."""
    return config.learning_rate * (1 - step / steps if config.decay == "linear" else 1.0)


class AdaGrad(tf.Module):  # type: ignore[misc]  # TensorFlow ships no types
    """[V] the paper's optimiser: a step shrinks with the sum of squared gradients so far."""

    def __init__(self, variables: Sequence[Tensor]) -> None:
        super().__init__("adagrad")
        self.sums = [tf.Variable(tf.fill(v.shape, ADAGRAD_START), trainable=False) for v in variables]

    def apply(self, gradients: Sequence[Tensor], variables: Sequence[Tensor], rate: Tensor) -> None:
        def move(variable: Tensor, total: Tensor, gradient: Tensor, rate: Tensor) -> None:
            rows, values = _rows_of(gradient)
            if rows is None:
                total.assign_add(tf.square(values))
                variable.assign_sub(rate * values * tf.math.rsqrt(total))
            else:
                total.scatter_add(tf.IndexedSlices(tf.square(values), rows))
                step = rate * values * tf.math.rsqrt(tf.gather(total, rows))
                variable.scatter_sub(tf.IndexedSlices(step, rows))

        on_every_copy(move, variables, self.sums, gradients, [rate] * len(variables))


class LazyAdam(tf.Module):  # type: ignore[misc]  # TensorFlow ships no types
    """Adam; the moments of a row move only when the row is read."""

    def __init__(self, variables: Sequence[Tensor]) -> None:
        super().__init__("adam")
        self.steps = tf.Variable(0.0, trainable=False)
        self.means = [tf.Variable(tf.zeros(v.shape), trainable=False) for v in variables]
        self.squares = [tf.Variable(tf.zeros(v.shape), trainable=False) for v in variables]

    def apply(self, gradients: Sequence[Tensor], variables: Sequence[Tensor], rate: Tensor) -> None:
        steps = self.steps + 1.0
        # The moments start at zero; this undoes their lean towards it.
        rate = rate * tf.sqrt(1 - BETA_2**steps) / (1 - BETA_1**steps)

        def move(variable: Tensor, mean: Tensor, square: Tensor, gradient: Tensor, rate: Tensor) -> None:
            rows, values = _rows_of(gradient)
            old_mean, old_square = (mean, square) if rows is None else (tf.gather(mean, rows), tf.gather(square, rows))
            new_mean = BETA_1 * old_mean + (1 - BETA_1) * values
            new_square = BETA_2 * old_square + (1 - BETA_2) * tf.square(values)
            step = rate * new_mean / (tf.sqrt(new_square) + ADAM_EPSILON)
            if rows is None:
                mean.assign(new_mean)
                square.assign(new_square)
                variable.assign_sub(step)
            else:
                mean.scatter_update(tf.IndexedSlices(new_mean, rows))
                square.scatter_update(tf.IndexedSlices(new_square, rows))
                variable.scatter_sub(tf.IndexedSlices(step, rows))

        on_every_copy(lambda counter, now: counter.assign(now), [self.steps], [steps])
        on_every_copy(move, variables, self.means, self.squares, gradients, [rate] * len(variables))


def _rows_of(gradient: Tensor) -> tuple[Tensor | None, Tensor]:
    """Rows and their gradients, each row once; None for the rows of a dense gradient."""
    if not isinstance(gradient, tf.IndexedSlices):
        return None, gradient
    rows, place = tf.unique(gradient.indices)
    # Summed first: a row read twice would otherwise be moved by one of its gradients only.
    return rows, tf.math.unsorted_segment_sum(gradient.values, place, tf.shape(rows)[0])
