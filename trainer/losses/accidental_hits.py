"""Columns of a batch that must not be negatives of a row. [inferred] The paper does not tell of masking.

The same item may be two users' positive in one batch, or come up in the pool; and a user may have clicked several items
of one page. As negatives they would teach that people dislike what they chose.
"""

import tensorflow as tf

from trainer.models.layers.layer import Tensor

NEVER = -1e30
"""Score of what must not count: exp(NEVER - anything) is exactly 0. Not -inf, whose gradient is NaN."""


def accidental_hits(candidates: Tensor, known: Tensor) -> Tensor:
    """True where a candidate is a known positive of the row, its own column apart, which is column b of row b.

    candidates [C] and known [B, K] hold catalogue rows; known is padded with -1. -> [B, C]
    """
    hit = tf.reduce_any(candidates[tf.newaxis, :, tf.newaxis] == known[:, tf.newaxis, :], -1)
    return tf.logical_and(hit, tf.logical_not(_own(candidates, known)))


def true_negatives(candidates: Tensor, known: Tensor) -> Tensor:
    """True where a candidate is neither the row's own positive nor another known one. -> [B, C]"""
    return tf.logical_not(tf.logical_or(_own(candidates, known), accidental_hits(candidates, known)))


def _own(candidates: Tensor, known: Tensor) -> Tensor:
    return tf.eye(tf.shape(known)[0], tf.shape(candidates)[0], dtype=tf.bool)
