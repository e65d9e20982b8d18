"""Columns of a batch that must not be negatives of a row.

The same item may be two users' positive in one batch, or come up in the pool; and a user may have clicked several items
of one page. As negatives they would teach that people dislike what they chose.
"""

import tensorflow as tf

from trainer.models.layers.layer import Tensor


def accidental_hits(candidates: Tensor, known: Tensor) -> Tensor:
    """True where a candidate is a known positive of the row, its own column apart, which is column b of row b.

    candidates [C] and known [B, K] hold catalogue rows; known is padded with -1. -> [B, C]
    """
    hit = tf.reduce_any(candidates[tf.newaxis, :, tf.newaxis] == known[:, tf.newaxis, :], -1)
    rows = tf.shape(known)[0]
    own = tf.eye(rows, tf.shape(candidates)[0], dtype=tf.bool)
    return tf.logical_and(hit, tf.logical_not(own))
