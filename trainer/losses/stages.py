"""The scores of a batch's searches, stage by stage: what every objective over stages reads.

[V] Similarity by post-fusion. [inferred] Read as late fusion: the query and each item are encoded on their own, and one
product with all stages' items side by side gives [S_o, S_c, S_u, S_n]. Serving is the same product.
"""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf

from trainer.losses.accidental_hits import NEVER
from trainer.losses.cross_entropy import cross_entropy
from trainer.losses.impressions import Impressions
from trainer.losses.recency import weighted_mean
from trainer.models.layers.layer import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Inner products of the queries of B searches, float32."""

    clicked: Tensor
    """[B, C]; anything where no item is, as below."""
    unclicked: Tensor
    """[B, U]"""
    others: Tensor
    """[B, N], of the candidates that all rows share."""
    seen: Impressions
    """Which of the places are filled, and which clicked items were ordered."""
    is_negative: Tensor
    """bool [B, N]"""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an objective."""

    weight: float
    rows: Tensor
    """[B], 0 where the row has not what the term is of."""
    has: Callable[[Impressions], Tensor]
    """Which rows of a batch the term is a mean over: bool [B]."""

    def mean(self, batch: Impressions, weights: Tensor | None) -> Tensor:
        """Over the rows of this part that have it, times the weight. `weights` [B]: of the rows, None: all alike.

        Divided by the share of such rows in the whole `batch`, all parts together: rows without it do not make it
        smaller, and the mean over the parts is that of the batch, however such rows are shared out.
        """
        share = tf.reduce_mean(tf.cast(self.has(batch), tf.float32))
        return tf.math.divide_no_nan(self.weight * weighted_mean(self.rows, weights), share)


def retrieved(positive: Tensor, counted: Tensor, rivals: Tensor, *, temperature: float) -> Tensor:
    """Mean cross-entropy of each row's positives against its rivals; 0 where it has none.

    positive [B, P], counted bool [B, P]; rivals [B, 1], as log_sum makes them. -> [B]
    """
    return mean_of(cross_entropy(positive / temperature, rivals), counted)


def log_sum(scores: Tensor, counted: Tensor, *, temperature: float) -> Tensor:
    """log SUM e^(s / tau) over the counted scores of each row. [B, N] -> [B, 1]"""
    return tf.reduce_logsumexp(tf.where(counted, scores / temperature, NEVER), -1, keepdims=True)


def mean_of(losses: Tensor, counted: Tensor) -> Tensor:
    """Over the counted ones of each row, 0 where none is. [B, P] -> [B]"""
    numbers = tf.cast(counted, losses.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(losses * numbers, -1), tf.reduce_sum(numbers, -1))
