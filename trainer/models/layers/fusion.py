"""Query grains and what each found in the history -> one vector.

[V] H_qu = the first output of self-attention over [CLS; Q_mgs; H_real; H_short; H_long], 25 tokens; multi-head.
[inferred] "first" is the [CLS] position; as many heads as elsewhere; no residual around the attention.
"""

import numpy as np
import tensorflow as tf

from trainer.models.layers.layer import EMBEDDING_SCALE, Layer, Tensor
from trainer.models.layers.self_attention import SelfAttention


class Fusion(Layer):
    """[CLS] and 24 tokens -> [B, d]."""

    def __init__(self, dims: int, heads: int, rng: np.random.Generator) -> None:
        super().__init__("fusion")
        self.cls = tf.Variable(rng.normal(0, EMBEDDING_SCALE, (1, 1, dims)).astype(np.float32), name="cls")
        self.attention = SelfAttention(dims, heads, rng, "fusion_attention")

    def __call__(self, grains: Tensor, real: Tensor, short: Tensor, long: Tensor) -> Tensor:
        """Four of [B, 6, d] -> [B, d]"""
        first = tf.tile(self.cls, [tf.shape(grains)[0], 1, 1])
        tokens = tf.concat([first, grains, real, short, long], axis=1)
        return self.attention.first(tokens)
