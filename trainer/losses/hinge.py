"""The hinge: pairs of a positive and a negative, each asked to be a margin apart. Kept to be compared with.

[V] A pair is content as soon as its negative is a margin below: the hinge compares only locally, and converges later
and lower than the softmax. [inferred] max(0, margin - s+ + s-) on raw inner products, mean over all true negatives: on
average that is the pair with one random negative, which DSSM-like baselines draw, without the noise of the draw. So
the two losses see the same negatives, and what is compared is the comparison itself.
"""

import tensorflow as tf

from trainer.configs.config import LossConfig
from trainer.models.layers.layer import Tensor


def hinge_loss(queries: Tensor, items: Tensor, negatives: Tensor, config: LossConfig) -> Tensor:
    """Of each row; shapes as in objective(), negatives as in retrieval_loss(). -> [B]"""
    scores = tf.matmul(queries, items, transpose_b=True)
    positive = tf.linalg.diag_part(scores)
    return hinges(positive, scores, negatives, margin=config.margin)


def hinges(positive: Tensor, scores: Tensor, negative: Tensor, *, margin: float) -> Tensor:
    """Mean hinge of each row over its negatives, 0 where it has none. positive [B]; scores, negative [B, C] -> [B]"""
    over = tf.nn.relu(margin - positive[:, tf.newaxis] + scores)
    counted = tf.cast(negative, over.dtype)
    return tf.math.divide_no_nan(tf.reduce_sum(over * counted, -1), tf.reduce_sum(counted, -1))
