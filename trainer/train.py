"""The training loop: batches in, towers out. Prints nothing; says where it is through a reporter."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from multigrain.errors import InvalidConfig
from multigrain.features.inputs import Vocabularies, item_inputs
from multigrain.types import Int64s, Item
from trainer.configs.config import TrainingConfig
from trainer.data.batches import Batch, Batches, BatchShape
from trainer.losses.log_q import expected_draws
from trainer.losses.retrieval import retrieval_loss
from trainer.models.layers.layer import Tensor
from trainer.models.mgdspr import Mgdspr
from trainer.optimizers import make_optimizer, rate_at
from trainer.progress import Clock, Meter, Reporter

REPORT_EVERY = 20
"""Steps between reports. Reading the loss waits for the step, so not after each."""

Step = Callable[[Batch, Tensor], Tensor]
"""A batch and the learning rate -> the loss before the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Towers, and how the loss came down."""

    model: Mgdspr
    losses: tuple[float, ...]
    """Mean loss between one report and the next, in order."""
    steps: int


def make_model(config: TrainingConfig, vocabularies: Vocabularies) -> Mgdspr:
    """Fresh towers; the same seed gives the same ones."""
    return Mgdspr(config.model, vocabularies, query_words=config.text.query_words, seed=config.run.seed)


def train(
    examples: Path,
    items: Sequence[Item],
    clicks: Int64s,
    vocabularies: Vocabularies,
    config: TrainingConfig,
    *,
    reporter: Reporter,
    clock: Clock,
) -> Trained:
    """Trains towers on the examples of a folder. `clicks` [M]: of each item, before the test part.

    Raises InvalidConfig when the loss is no number any more, or when there are too few examples for one batch.
    """
    tf.random.set_seed(config.run.seed)
    batches = _make_batches(examples, items, vocabularies, config)
    model = make_model(config, vocabularies)
    step = _make_step(model, item_inputs(items, vocabularies, config.text.to_floor()), clicks, config)
    meter = Meter("train", batches.steps * config.run.batch_size, reporter=reporter, clock=clock)
    losses: list[float] = []
    recent: list[Tensor] = []
    for done, batch in enumerate(batches, start=1):
        recent.append(step(batch, tf.constant(rate_at(done - 1, batches.steps, config.optimizer))))
        if done % REPORT_EVERY == 0 or done == batches.steps:
            losses.append(_mean(recent, done))
            recent.clear()
            meter.report(done * config.run.batch_size, loss=losses[-1])
    return Trained(model=model, losses=tuple(losses), steps=batches.steps)


def _make_batches(examples: Path, items: Sequence[Item], vocabularies: Vocabularies, config: TrainingConfig) -> Batches:
    run = config.run
    shape = BatchShape(size=run.batch_size, pool=config.loss.pool, epochs=run.epochs, seed=run.seed)
    lengths, windows = config.text.to_floor(), config.windows.to_floor()
    batches = Batches(examples, items, vocabularies, lengths=lengths, windows=windows, shape=shape)
    if batches.steps == 0:
        problem = f"all examples of {examples} do not fill one batch of {run.batch_size}"
        raise InvalidConfig("run.batch_size", problem, cure="choose a smaller one, or bring more logs")
    return batches


def _make_step(model: Mgdspr, catalogue: dict[str, np.ndarray], clicks: Int64s, config: TrainingConfig) -> Step:
    """One step as a graph: candidates -> towers -> loss -> gradients -> clip -> move."""
    variables = model.trainable_variables
    optimizer = make_optimizer(config.optimizer, variables)
    table = {name: tf.constant(array) for name, array in catalogue.items()}
    draws = tf.constant(expected_draws(clicks, in_batch=config.run.batch_size, uniform=config.loss.pool))

    def step(batch: Batch, rate: Tensor) -> Tensor:
        candidates = tf.concat([batch["positive"], batch["pool"]], 0)
        with tf.GradientTape() as tape:
            queries = model.query(batch, training=True)
            items = model.item(**{name: tf.gather(array, candidates) for name, array in table.items()})
            expected = tf.gather(draws, candidates)
            loss = retrieval_loss(queries, items, candidates, batch["known"], expected, config.loss)
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), config.optimizer.clip_norm)
        optimizer.apply(gradients, variables, rate)
        return loss

    # No autograph: nothing here branches on a tensor, and rewriting the source takes seconds.
    compiled: Step = tf.function(step, autograph=False)
    return compiled


def _mean(losses: Sequence[Tensor], step: int) -> float:
    mean = float(np.mean([float(loss) for loss in losses]))
    if not math.isfinite(mean):
        raise InvalidConfig(
            "optimizer.learning_rate",
            f"the loss is {mean} near step {step}: training came apart",
            cure="lower optimizer.learning_rate or optimizer.clip_norm, or raise loss.temperature",
        )
    return mean
