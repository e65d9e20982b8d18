"""One training step as a graph: candidates -> towers -> loss -> gradients -> clip -> move."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import tensorflow as tf

from multigrain.features.inputs import Inputs
from multigrain.types import Float32s
from trainer.configs.config import TrainingConfig
from trainer.data.batches import Batch
from trainer.losses.objective import objective
from trainer.losses.recency import recency
from trainer.models.layers.layer import Tensor, products_in
from trainer.models.layers.tables import SIDES
from trainer.models.model import Model
from trainer.randomness import dropout_from, loss_seed
from trainer.replicas import gathered, part_now, summed
from trainer.training.aged_examples import AGE
from trainer.training.optimizers import Optimizer
from trainer.training.spread import Spread

Step = Callable[[Batch, Tensor, Tensor], tuple[Tensor, Tensor]]
"""A batch, the step's seed [2] and the learning rate -> the loss before the step, and the gradient's length."""

CANDIDATES = ("positive", "pool")
"""Of a batch, in their order as columns: what all its rows are held against. The rest is by row."""
LEAF = SIDES.index("leaf")


def make_step(
    model: Model, optimizer: Optimizer, catalogue: Inputs, draws: Float32s, config: TrainingConfig, spread: Spread
) -> Step:
    """`catalogue` are the item tower's inputs, `draws` the expected draws, of all items, in catalogue order."""
    variables = model.trainable_variables
    table: Mapping[str, Tensor] = {name: tf.constant(array) for name, array in catalogue.items()}
    expected = tf.constant(draws)
    products = tf.as_dtype(config.run.products)

    def step(batch: Batch, seed: Tensor, rate: Tensor) -> tuple[Tensor, Tensor]:
        candidates = tf.concat([batch[name] for name in CANDIDATES], 0)
        rows = {name: tf.gather(array, candidates) for name, array in table.items()}
        drawn = tf.gather(expected, candidates)

        def replica() -> tuple[Tensor, Tensor]:
            part = part_now()
            asked = {name: part.take(array) for name, array in batch.items() if name not in CANDIDATES}
            own_first = partial(part.own_first, rows=asked["known"].shape[0])
            weights = recency(asked.pop(AGE), half_life_days=config.loss.half_life_days) if AGE in asked else None
            categories = own_first(rows["side"][:, LEAF]) if config.loss.negatives == "category" else None
            with tf.GradientTape() as tape, dropout_from(seed, part), products_in(products):
                queries = model.query(asked, training=True)
                items = gathered(model.item(**{name: part.take(ids) for name, ids in rows.items()}, training=True))
                columns = (own_first(items), own_first(candidates))
                known, often, losses = asked["known"], own_first(drawn), loss_seed(seed)
                told = partial(objective, seed=losses, part=part, weights=weights, categories=categories)
                loss = part.share(told(queries, *columns, known, often, config.loss))
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
