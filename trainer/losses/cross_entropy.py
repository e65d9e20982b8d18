"""Softmax cross-entropy of a positive against a sum of rivals.

[V] -log(e^s+ / (e^s+ + SUM e^s-)). It is the softplus of log SUM e^s- minus s+, and is computed so: a row that is sure
keeps its small loss, where log SUM of all minus s+ would round it away.
"""

import tensorflow as tf

from trainer.models.layers.layer import Tensor


def cross_entropy(positive: Tensor, rivals: Tensor) -> Tensor:
    """Logits of positives [B, P]; rivals, the logsumexp of the negatives' logits, [B, 1] or [B, P]. -> [B, P]"""
    return tf.nn.softplus(rivals - positive)


def log_add(a: Tensor, b: Tensor) -> Tensor:
    """log(e^a + e^b): one sum of rivals joined to another."""
    top = tf.stop_gradient(tf.maximum(a, b))
    return top + tf.math.log(tf.exp(a - top) + tf.exp(b - top))
