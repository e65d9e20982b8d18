"""Features of a pair -> one score. A small perceptron reads each word of the query, another one all of them together.

One score serves all grades (a proportional-odds model): grade >= cut has the chance sigmoid(score - threshold of that
cut), so every grade teaches, and the score of a pair orders and is a probability at once.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from multigrain.types import Float32s
from trainer.data.logs import GOOD_GRADE
from trainer.models.layers.layer import Linear, Tensor
from trainer.randomness import dropout
from trainer.teacher.config import TeacherConfig
from trainer.teacher.features import Features

CUTS = (0.5, 1.0, 1.5, GOOD_GRADE, 2.5, 3.0)
"""Grades to reach."""
SHARE_MIN = 0.01
"""A cut that all or none of the training pairs reach would start at infinity."""
CLIP = 5.0
"""Standard deviations: what is farther out is no more telling."""


class Network(tf.Module):  # type: ignore[misc]  # TensorFlow ships no types
    """Called with words [B, L, W], present [B, L] and pair [B, P]; gives scores [B]."""

    def __init__(self, words: int, pairs: int, config: TeacherConfig, rng: np.random.Generator) -> None:
        super().__init__("teacher")
        self._dropout = config.dropout
        self.word_scale, self.pair_scale = Scale(words, "word"), Scale(pairs, "pair")
        self.word_hidden = Linear(words, config.word_units, rng, "word_hidden", bias=True)
        self.word_out = Linear(config.word_units, config.word_units, rng, "word_out", bias=True)
        self.hidden = Linear(pairs + 2 * config.word_units, config.pair_units, rng, "hidden", bias=True)
        self.second = Linear(config.pair_units, config.pair_units, rng, "second", bias=True)
        self.out = Linear(config.pair_units, 1, rng, "out")
        self.thresholds = tf.Variable(tf.zeros(len(CUTS)), name="thresholds")

    def start_from(self, features: Features, grades: NDArray[np.float64]) -> None:
        """Takes from the training pairs the usual sizes, and how often each cut is reached."""
        shares = (grades[:, None] >= np.array(CUTS)).mean(0).clip(SHARE_MIN, 1 - SHARE_MIN)
        self.thresholds.assign(np.log((1 - shares) / shares))
        self.word_scale.read(features.words[features.present > 0])
        self.pair_scale.read(features.pair)

    def __call__(self, words: Tensor, present: Tensor, pair: Tensor, *, rate: float = 0.0) -> Tensor:
        """`rate` of dropout: 0 but in training."""
        read = tf.nn.relu(self.word_out(tf.nn.relu(self.word_hidden(self.word_scale(words)))))
        read *= present[:, :, tf.newaxis]
        told = [self.pair_scale(pair), tf.reduce_sum(read, 1) / 4.0, tf.reduce_max(read, 1)]
        hidden = _dropped(tf.nn.relu(self.hidden(_dropped(tf.concat(told, 1), rate / 2))), rate)
        return self.out(_dropped(tf.nn.relu(self.second(hidden)), rate))[:, 0]

    @property
    def good_threshold(self) -> Tensor:
        """Of the cut at GOOD_GRADE."""
        return self.thresholds[CUTS.index(GOOD_GRADE)]

    def weights(self) -> dict[str, Float32s]:
        """Everything that makes the scores, by name."""
        return {variable.name.split(":")[0]: variable.numpy() for variable in self.variables}

    def restore(self, weights: Sequence[Float32s]) -> None:
        """In the order of `variables`."""
        for variable, value in zip(self.variables, weights, strict=True):
            variable.assign(value)


class Scale(tf.Module):  # type: ignore[misc]  # as above
    """Every feature to mean 0 and deviation 1, as in the training pairs."""

    def __init__(self, width: int, name: str) -> None:
        super().__init__(name)
        self.mean = tf.Variable(tf.zeros(width), trainable=False, name=f"{name}_mean")
        self.deviation = tf.Variable(tf.ones(width), trainable=False, name=f"{name}_deviation")

    def read(self, rows: Float32s) -> None:
        """[n, width]"""
        if len(rows):
            deviation = rows.std(0, dtype=np.float64)
            self.mean.assign(rows.mean(0, dtype=np.float64))
            # A feature that never varied says nothing, and must not shout the first time it does.
            self.deviation.assign(np.where(deviation > 1e-4, deviation, 1.0))

    def __call__(self, rows: Tensor) -> Tensor:
        return tf.clip_by_value((rows - self.mean) / self.deviation, -CLIP, CLIP)


def _dropped(values: Tensor, rate: float) -> Tensor:
    return dropout(values, rate) if rate else values
