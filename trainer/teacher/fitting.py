"""Features and grades -> a network. Steps are whole queries, so that what is judged for one can be put in order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from multigrain.types import Float32s, Int64s
from trainer.configs.config import OptimizerConfig
from trainer.models.layers.layer import Tensor
from trainer.progress import Meter
from trainer.randomness import dropout_from, seed_of
from trainer.teacher.config import TeacherConfig
from trainer.teacher.features import Features
from trainer.teacher.judged import Judged
from trainer.teacher.measures import area_under_curve, ordering_accuracy
from trainer.teacher.network import CUTS, Network
from trainer.training.optimizers import LazyAdam, rate_at

NEAR = 0.3
"""Grades nearer than that are not put in order: it would be learning the raters' noise."""
SCORED_AT_ONCE = 8192


@dataclass(frozen=True)
class Lesson:
    """Judged pairs and what is read of them, row by row."""

    judged: Judged
    features: Features


def fit(train: Lesson, development: Lesson, config: TeacherConfig, *, seed: int, meter: Meter, done: int) -> Network:
    """The network after the round that did best on the development part. `done`: steps of earlier networks."""
    rng = np.random.default_rng(seed)
    network = Network(train.features.words.shape[2], train.features.pair.shape[1], config, rng)
    network.start_from(train.features, train.judged.grade)
    step = _step_of(network, config)
    batches = _batches(train, config.batch_queries, rng)
    steps = config.rounds * config.round_steps
    best, kept = -np.inf, [variable.numpy() for variable in network.variables]
    for number in range(steps):
        rate = rate_at(number, steps, OptimizerConfig(name="adam", learning_rate=config.learning_rate, decay="linear"))  # type: ignore[call-arg]  # pydantic fills defaults; mypy has no plugin here
        loss = step(*next(batches), tf.constant(rate, tf.float32), tf.constant(seed_of(seed, number)))
        if (number + 1) % config.round_steps == 0:
            meter.report(done + number + 1, loss=float(loss))
            if (worth := _worth(network, development)) > best:
                best, kept = worth, [variable.numpy() for variable in network.variables]
    network.restore(kept)
    return network


def scores_of(network: Network, features: Features) -> Float32s:
    """[pairs]: log-odds of being good."""
    parts = []
    for start in range(0, len(features.pair), SCORED_AT_ONCE):
        part = features.take(np.arange(start, min(start + SCORED_AT_ONCE, len(features.pair))))
        parts.append(network(part.words, part.present, part.pair).numpy())
    scores: Float32s = np.concatenate([np.zeros(0, np.float32), *parts]) - network.good_threshold.numpy()
    return scores


def _worth(network: Network, development: Lesson) -> float:
    """Both halves of the task alike: good from bad over all queries, better from worse within one."""
    scores, judged = scores_of(network, development.features).astype(np.float64), development.judged
    both = [area_under_curve(scores, judged.good), ordering_accuracy(scores, judged.grade, judged.query)]
    return float(np.nansum(both))


def _step_of(network: Network, config: TeacherConfig) -> Callable[..., Tensor]:
    """One step of Adam as a graph: batch, rate, seed -> loss."""
    optimizer = LazyAdam(network.trainable_variables)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def step(
        words: Tensor, present: Tensor, pair: Tensor, grade: Tensor, query: Tensor, rate: Tensor, seed: Tensor
    ) -> Tensor:
        with tf.GradientTape() as tape, dropout_from(seed):
            scores = network(words, present, pair, rate=config.dropout)
            loss = _grades_loss(scores, network.thresholds, grade) + config.order_weight * _order_loss(
                scores, grade, query
            )
        optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables, rate)
        return loss

    given: Callable[..., Tensor] = step
    return given


def _grades_loss(scores: Tensor, thresholds: Tensor, grade: Tensor) -> Tensor:
    """Cross entropy of reaching each cut."""
    reached = tf.cast(grade[:, tf.newaxis] >= tf.constant(CUTS, tf.float32), tf.float32)
    chances = scores[:, tf.newaxis] - thresholds
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(reached, chances))


def _order_loss(scores: Tensor, grade: Tensor, query: Tensor) -> Tensor:
    """Logistic loss of every pair of one query, weighed by how far its grades are apart."""
    apart = grade[:, tf.newaxis] - grade
    weight = apart * tf.cast((query[:, tf.newaxis] == query) & (apart > NEAR), tf.float32)
    loss = weight * tf.nn.softplus(scores - scores[:, tf.newaxis])
    return tf.reduce_sum(loss) / tf.maximum(tf.reduce_sum(weight), 1.0)


def _batches(train: Lesson, queries: int, rng: np.random.Generator) -> Iterator[tuple[NDArray[np.generic], ...]]:
    """Without end: all queries in a fresh order, again and again."""
    judged, features = train.judged, train.features
    order = np.argsort(judged.query, kind="stable")
    _, starts = np.unique(judged.query[order], return_index=True)
    groups: list[Int64s] = np.split(order, starts[1:])
    while True:
        shuffled = rng.permutation(len(groups))
        for start in range(0, len(groups), queries):
            rows = np.concatenate([groups[group] for group in shuffled[start : start + queries]])
            part = features.take(rows)
            yield part.words, part.present, part.pair, judged.grade[rows].astype(np.float32), judged.query[rows]
