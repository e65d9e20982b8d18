"""The log-Q correction: a popular item is sampled as a negative more often than the whole catalogue would have it.

[inferred] An option; whether the paper corrects is not stated. Knows how often each item is drawn, not how.
"""

import tensorflow as tf

from trainer.models.layers.layer import Tensor


def corrected(logits: Tensor, draws: Tensor) -> Tensor:
    """Minus log Q: what is drawn often counts less. logits [B, C]; draws, expected a step, [C] or [B, C] -> [B, C]"""
    return logits - tf.math.log(draws)
