"""Random numbers of a training step: a function of the run's seed and the step, so a resumed run draws the same ones.

TensorFlow's own state cannot be kept: inside a graph it lives in the kernels, and no checkpoint reaches it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from trainer.models.layers.layer import Tensor
from trainer.replicas import WHOLE, Part

_LOSS, _DROPOUT = range(2)
"""What a stream of a step's seed is for."""


def seed_of(run_seed: int, step: int) -> NDArray[np.int32]:
    """The seed of step `step`, as stateless operations take it. [2]"""
    return np.random.SeedSequence([run_seed, step]).generate_state(2).view(np.int32)


def loss_seed(seed: Tensor) -> Tensor:
    """What the objective may draw from. [2] -> [2]"""
    return tf.random.experimental.stateless_fold_in(seed, _LOSS)


class _Draws:
    """Hands out seeds, another one each time it is asked."""

    def __init__(self, seed: Tensor) -> None:
        self._seed, self._given = seed, 0

    def next(self) -> Tensor:
        self._given += 1
        return tf.random.experimental.stateless_fold_in(self._seed, self._given)


_DRAWS: ContextVar[_Draws] = ContextVar("step_draws")


@contextmanager
def dropout_from(seed: Tensor, part: Part = WHOLE) -> Iterator[None]:
    """Inside the block `dropout` draws from `seed` [2]. Around the towers while the graph of a step is made.

    `part`: of the batch, that is in the towers. Each draws its own, or rows of two parts would lose the same numbers.
    """
    seed = tf.random.experimental.stateless_fold_in(seed, _DROPOUT)
    if part.of > 1:
        seed = tf.random.experimental.stateless_fold_in(seed, part.number)
    token = _DRAWS.set(_Draws(seed))
    try:
        yield
    finally:
        _DRAWS.reset(token)


def dropout(x: Tensor, rate: float) -> Tensor:
    """Each number with chance `rate` zero, the others longer to make up for it. Only inside `dropout_from`."""
    return tf.nn.experimental.stateless_dropout(x, rate, seed=_DRAWS.get().next())
