"""The log-Q correction: a popular item is sampled as a negative more often than the pool of all items would have it.

Ours as an option; whether the paper corrects is not stated. Knows the sampler, not the model.
"""

import numpy as np
import tensorflow as tf

from multigrain.types import Float32s, Int64s
from trainer.models.layers.layer import Tensor


def expected_draws(clicks: Int64s, *, in_batch: int, uniform: int) -> Float32s:
    """How often each item comes up among one step's candidates: by its clicks in the batch, evenly in the pool. [M]"""
    by_clicks = in_batch * clicks / max(1, clicks.sum())
    draws: Float32s = (by_clicks + uniform / len(clicks)).astype(np.float32)
    # Nothing is drawn with chance zero, and log(0) must not be met.
    return np.maximum(draws, np.float32(1e-6))


def corrected(logits: Tensor, draws: Tensor) -> Tensor:
    """Minus log Q: what is drawn often counts less. logits [B, C], draws [C] -> [B, C]"""
    return logits - tf.math.log(draws)[tf.newaxis, :]
