"""The retrieval loss: sampled softmax over the batch's own items and a shared pool. Reads as the science, in its order.

[V] softmax cross-entropy over inner products; the other items of the batch are the negatives; every logit is divided by
tau; mixed hard negatives join the denominator. [inferred] the shared pool, the masking of known positives, log-Q.
"""

import tensorflow as tf

from trainer.configs.config import LossConfig
from trainer.losses.accidental_hits import accidental_hits
from trainer.losses.log_q import corrected
from trainer.losses.mixed_negatives import hardest, mixed_logits
from trainer.models.layers.layer import Tensor

NEVER = -1e30
"""Logit of what must not count: exp(NEVER - anything) is exactly 0. Not -inf, whose gradient is NaN."""


def retrieval_loss(
    queries: Tensor, items: Tensor, candidates: Tensor, known: Tensor, draws: Tensor, config: LossConfig
) -> Tensor:
    """Mean over the rows.

    queries [B, d]; items [C, d], the first B are the rows' own positives; candidates [C], their catalogue rows;
    known [B, K], every positive of each row, -1 where there is none; draws [C], expected draws, read for log-Q only.
    """
    return tf.reduce_mean(cross_entropy(retrieval_logits(queries, items, candidates, known, draws, config)))


def retrieval_logits(
    queries: Tensor, items: Tensor, candidates: Tensor, known: Tensor, draws: Tensor, config: LossConfig
) -> Tensor:
    """What the softmax is taken of: [B, C], or [B, C + N] with mixed negatives; row b's positive is column b."""
    scores = tf.matmul(queries, items, transpose_b=True)
    # Masked first: a known positive must be neither a negative nor the hard part of a mix.
    scores = tf.where(accidental_hits(candidates, known), NEVER, scores)
    logits = scores / config.temperature
    if config.log_q:
        # After the temperature: Q corrects how often a logit is in the sum, whatever its scale.
        logits = corrected(logits, draws)
    if config.mixed:
        logits = tf.concat([logits, _mixed(scores, config) / config.temperature], -1)
    return logits


def cross_entropy(logits: Tensor) -> Tensor:
    """-log of the softmax of each row's own column. [B, C] -> [B]"""
    own = tf.range(tf.shape(logits)[0])
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=own, logits=logits)


def _mixed(scores: Tensor, config: LossConfig) -> Tensor:
    positive = tf.linalg.diag_part(scores)[:, tf.newaxis]
    negatives = tf.linalg.set_diag(scores, tf.fill([tf.shape(scores)[0]], NEVER))
    hard = hardest(negatives, config.mixed)
    alpha = tf.random.uniform(tf.shape(hard), config.mixed_low, config.mixed_high)
    mixed = mixed_logits(positive, hard, alpha, moves_positive=config.mixed_moves_positive)
    # A row with fewer than N true negatives: what is mixed from a masked one must not count.
    return tf.where(hard > NEVER / 2, mixed, NEVER)
