"""Hard negatives made in embedding space: each of the N hardest is mixed with the positive.

[V] I_mix = alpha i+ + (1 - alpha) I_hard; I_hard the top N by inner product; alpha ~ U(a, b); a = 0.4, b = 0.6,
N = 684.
[inferred] The score is linear in the item, so scalars are mixed and no vector is made; exact for inner products only.
Several positives of a row are mixed with the same hard negatives by the same alphas.
"""

import tensorflow as tf

from trainer.losses.accidental_hits import NEVER
from trainer.models.layers.layer import Tensor
from trainer.replicas import WHOLE, Part


def hardest(negatives: Tensor, count: int) -> Tensor:
    """The `count` highest of each row; fewer where there are fewer columns. [B, C] -> [B, N]"""
    return tf.math.top_k(negatives, k=tf.minimum(count, tf.shape(negatives)[1])).values


def draw_alphas(hard: Tensor, seed: Tensor, *, low: float, high: float, part: Part = WHOLE) -> Tensor:
    """alpha ~ U(low, high), one for each hard negative. seed int32 [2]: the same seed, the same alphas. -> [B, N]

    `part`: of a batch, that the rows are. Drawn for the whole of it, so that its alphas are those of one replica.

    The algorithm is named: left to TensorFlow it depends on the device. XLA has an order of its own, so a run repeats
    itself compiled or not, and the two differ.
    """
    shape = tf.shape(hard) * (part.of, 1)
    return part.take(tf.random.stateless_uniform(shape, seed, low, high, hard.dtype, alg="philox"))


def mix(positive: Tensor, hard: Tensor, alpha: Tensor, *, moves_positive: bool) -> Tensor:
    """Scores of the mixed items: positive [B, P], hard [B, N], alpha [B, N] -> [B, P, N]

    `moves_positive` off: no gradient through the positive's share, which would push the positive itself down.
    """
    share = positive if moves_positive else tf.stop_gradient(positive)
    hard, alpha = hard[:, tf.newaxis, :], alpha[:, tf.newaxis, :]
    mixed = alpha * share[:, :, tf.newaxis] + (1.0 - alpha) * hard
    # A row with fewer than N true negatives: what is mixed from a masked one must not count.
    return tf.where(hard > NEVER / 2, mixed, NEVER)
