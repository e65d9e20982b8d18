"""What joins the query with its history when the fusion is switched off: a concatenation.  [inferred]

The paper's ablation has a row without the [CLS] self-attention, and does not say what took its place. We take the
plainest thing that keeps the four apart: W [mean Q_mgs; mean H_real; mean H_short; mean H_long].
"""

import numpy as np
import tensorflow as tf

from trainer.models.layers.layer import Layer, Linear, Tensor


class Concatenation(Layer):
    """Four blocks of rows -> [B, d]."""

    def __init__(self, dims: int, rng: np.random.Generator) -> None:
        super().__init__("concatenation")
        self.join = Linear(4 * dims, dims, rng, "concatenation")

    def __call__(self, grains: Tensor, real: Tensor, short: Tensor, long: Tensor) -> Tensor:
        """Four of [B, g, d] -> [B, d]"""
        return self.join(tf.concat([tf.reduce_mean(block, 1) for block in (grains, real, short, long)], -1))
