"""One training step as a graph: candidates -> towers -> loss -> gradients -> clip -> move."""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from multigrain.features.inputs import Inputs
from multigrain.types import Float32s
from trainer.configs.config import TrainingConfig
from trainer.data.batches import Batch
from trainer.losses.objective import objective
from trainer.models.layers.layer import Tensor
from trainer.models.model import Model
from trainer.optimizers import Optimizer
from trainer.randomness import dropout_from, loss_seed

Step = Callable[[Batch, Tensor, Tensor], tuple[Tensor, Tensor]]
"""A batch, the step's seed [2] and the learning rate -> the loss before the step, and the gradient's length."""


def make_step(model: Model, optimizer: Optimizer, catalogue: Inputs, draws: Float32s, config: TrainingConfig) -> Step:
    """`catalogue` are the item tower's inputs, `draws` the expected draws, of all items, in catalogue order."""
    variables = model.trainable_variables
    table: Mapping[str, Tensor] = {name: tf.constant(array) for name, array in catalogue.items()}
    expected = tf.constant(draws)

    def step(batch: Batch, seed: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
        candidates = tf.concat([batch["positive"], batch["pool"]], 0)
        with tf.GradientTape() as tape, dropout_from(seed):
            queries = model.query(batch, training=True)
            rows = {name: tf.gather(array, candidates) for name, array in table.items()}
            items = model.item(**rows, training=True)
            drawn = tf.gather(expected, candidates)
            loss = objective(queries, items, candidates, batch["known"], drawn, config.loss, seed=loss_seed(seed))
        gradients = tape.gradient(loss, variables)
        length = tf.linalg.global_norm(gradients)
        clipped, _ = tf.clip_by_global_norm(gradients, config.optimizer.clip_norm, use_norm=length)
        optimizer.apply(clipped, variables, rate)
        return loss, length

    # No autograph: nothing here branches on a tensor, and rewriting the source takes seconds.
    compiled: Step = tf.function(step, autograph=False, jit_compile=config.run.xla or None)
    return compiled


def is_finite(loss: float, length: float) -> bool:
    """Whether training is in one piece. A gradient that is no number spoils the weights before a loss tells of it."""
    return bool(np.isfinite(loss) and np.isfinite(length))
