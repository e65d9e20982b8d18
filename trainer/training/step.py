"""One training step as a graph: towers -> loss -> gradients -> clip -> move."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from trainer.configs.config import TrainingConfig
from trainer.data.batches import Batch
from trainer.models.layers.layer import Tensor, products_in
from trainer.models.model import Model
from trainer.randomness import dropout_from
from trainer.replicas import part_now, summed
from trainer.training.batch_loss import BatchLoss
from trainer.training.optimizers import Optimizer
from trainer.training.spread import Spread

Step = Callable[[Batch, Tensor, Tensor], tuple[Tensor, Tensor]]
"""A batch, the step's seed [2] and the learning rate -> the loss before the step, and the gradient's length."""


def make_step(model: Model, optimizer: Optimizer, loss_of: BatchLoss, config: TrainingConfig, spread: Spread) -> Step:
    """The step that moves `model` down `loss_of`."""
    variables = model.trainable_variables
    products = tf.as_dtype(config.run.products)

    def step(batch: Batch, seed: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
        def replica() -> tuple[Tensor, Tensor]:
            part = part_now()
            with tf.GradientTape() as tape, dropout_from(seed, part), products_in(products):
                loss = part.share(loss_of(batch, seed, part))
            loss, *gradients = summed([loss, *tape.gradient(loss, variables)])
            length = tf.linalg.global_norm(gradients)
            clipped, _ = tf.clip_by_global_norm(gradients, config.optimizer.clip_norm, use_norm=length)
            optimizer.apply(clipped, variables, rate)
            return loss, length

        return spread.run(replica)

    # No autograph: nothing here branches on a tensor, and rewriting the source takes seconds.
    compiled: Step = spread.watched(tf.function(step, autograph=False, jit_compile=config.run.xla or None))
    return compiled


def is_finite(loss: float, length: float) -> bool:
    """Whether training is in one piece. A gradient that is no number spoils the weights before a loss tells of it."""
    return bool(np.isfinite(loss) and np.isfinite(length))
