"""Hard negatives made in embedding space: each of the N hardest is mixed with the positive.

[V] I_mix = alpha i+ + (1 - alpha) I_hard; I_hard the top N by inner product; alpha ~ U(a, b); a = 0.4, b = 0.6,
N = 684.
[inferred] The score is linear in the item, so scalars are mixed and no vector is made; exact for inner products only.
"""

import tensorflow as tf

from trainer.models.layers.layer import Tensor


def hardest(negatives: Tensor, count: int) -> Tensor:
    """The `count` highest of each row; fewer where there are fewer columns. [B, C] -> [B, N]"""
    return tf.math.top_k(negatives, k=tf.minimum(count, tf.shape(negatives)[1])).values


def mixed_logits(positive: Tensor, hard: Tensor, alpha: Tensor, *, moves_positive: bool = True) -> Tensor:
    """Logits of the mixed items: positive [B, 1], hard [B, N], alpha [B, N] -> [B, N]

    `moves_positive` off: no gradient through the positive's share, which would push the positive itself down.
    """
    share = positive if moves_positive else tf.stop_gradient(positive)
    return alpha * share + (1.0 - alpha) * hard
