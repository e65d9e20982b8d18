"""The retrieval loss: sampled softmax over the batch's own items and a shared pool. Reads as the science, in its order.

[V] softmax cross-entropy over inner products; the other items of the batch are the negatives; every logit is divided by
tau; mixed hard negatives join the denominator. [inferred] the shared pool, the masking of known positives, log-Q, more
than one positive a row.
"""

import tensorflow as tf

from trainer.configs.config import LossConfig
from trainer.losses.accidental_hits import NEVER
from trainer.losses.cross_entropy import cross_entropy, log_add
from trainer.losses.log_q import corrected
from trainer.losses.mixed_negatives import draw_alphas, hardest, mix
from trainer.losses.positives import many_positives, own_positive
from trainer.models.layers.layer import Tensor
from trainer.replicas import WHOLE, Part


def retrieval_loss(
    queries: Tensor,
    items: Tensor,
    candidates: Tensor,
    known: Tensor,
    negatives: Tensor,
    draws: Tensor,
    config: LossConfig,
    *,
    seed: Tensor,
    part: Part = WHOLE,
) -> Tensor:
    """Of each row, the mean over its positives. Shapes as in objective(); negatives: bool [B, C], which candidates are
    negatives of the row. -> [B]
    """
    positives = many_positives(candidates, known) if config.positives == "many" else own_positive(known)
    scores = tf.matmul(queries, items, transpose_b=True)
    positive = tf.gather(scores, positives.columns, batch_dims=1)

    # Masked first: a known positive must be neither a negative nor the hard part of a mix.
    negative = tf.where(negatives, scores, NEVER)

    positive_logits, negative_logits = positive / config.temperature, negative / config.temperature

    if config.log_q:
        # After the temperature: Q corrects how often a logit is in the sum, whatever its scale.
        negative_logits = corrected(negative_logits, draws)
        positive_logits = corrected(positive_logits, tf.gather(draws, positives.columns))

    rivals = tf.reduce_logsumexp(negative_logits, -1, keepdims=True)
    if config.mixed:
        # From raw scores, and not corrected: a mix is made, not drawn, so there is no Q of it.
        mixed = _mixed(positive, negative, config, seed, part) / config.temperature
        rivals = log_add(rivals, tf.reduce_logsumexp(mixed, -1))

    return positives.mean(cross_entropy(positive_logits, rivals))


def _mixed(positive: Tensor, negative: Tensor, config: LossConfig, seed: Tensor, part: Part) -> Tensor:
    hard = hardest(negative, config.mixed)
    alpha = draw_alphas(hard, seed, low=config.mixed_low, high=config.mixed_high, part=part)
    return mix(positive, hard, alpha, moves_positive=config.mixed_moves_positive)
