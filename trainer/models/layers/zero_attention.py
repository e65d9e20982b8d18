"""Attention that may land on nothing: a zero row stands before the keys, and is never masked.

When no past behaviour has to do with the query, the weight goes to the zero row instead of being forced onto an
unrelated item. An empty history gives exactly zero.  [V] for the behaviours; unscaled, as the paper has it [V].
"""

import tensorflow as tf

from trainer.models.layers.layer import Tensor
from trainer.models.layers.self_attention import ABSENT


def attend_or_nothing(queries: Tensor, rows: Tensor, present: Tensor) -> Tensor:
    """softmax(Q . [0; R]^T) . [0; R]: queries [..., q, d], rows [..., n, d], present [..., n] -> [..., q, d]"""
    rows *= present[..., tf.newaxis]
    logits = tf.matmul(queries, rows, transpose_b=True) + ABSENT * (1.0 - present)[..., tf.newaxis, :]
    # The zero row has logit 0 and adds nothing to the sum, so it only takes its share of the weight.
    logits = tf.concat([tf.zeros_like(logits[..., :1]), logits], -1)
    return tf.matmul(tf.nn.softmax(logits)[..., 1:], rows)
