"""Tokens of a text -> one vector of length 1, by a Transformer of several layers.

[V] the text backbone of both towers is a 4-layer Transformer, pre-trained on e-commerce data.
[inferred] all else: words and character grains as its tokens, in the place of subwords; a sum in the place of a [CLS],
because a fresh sum of the tokens finds what shares words, which a fresh [CLS] would have to learn; layers that begin
near nothing, so that the sum is what training starts from; positions that begin at nothing, because titles are stacked
keywords; the length of 1.
"""

import numpy as np
import tensorflow as tf

from trainer.models.layers.layer import Layer, Tensor
from trainer.models.layers.quiet import quieten
from trainer.models.layers.self_attention import TransformerLayer

SLOWEST = 10_000.0
"""About the longest text, in tokens, whose ends the positions still tell apart."""


class TextEncoder(Layer):
    """Vectors of tokens -> [B, d], of length 1, or zero for a text without a token."""

    def __init__(self, dims: int, heads: int, layers: int, rng: np.random.Generator, name: str) -> None:
        super().__init__(name)
        self.dims = dims
        self.place = tf.Variable(np.zeros(dims, np.float32), name=f"{name}_place")
        self.layers = [TransformerLayer(dims, heads, rng, f"{name}{i}") for i in range(layers)]
        for layer in self.layers:
            quieten(layer.attention.out)
            quieten(layer.narrow)

    def __call__(self, tokens: Tensor, present: Tensor) -> Tensor:
        """tokens [B, n, d], present [B, n] -> [B, d]"""
        x = tokens + self.place * _waves(tf.shape(tokens)[1], self.dims)
        for layer in self.layers:
            x = layer(x, present)
        return tf.nn.l2_normalize(tf.reduce_sum(x * present[..., tf.newaxis], 1), -1)


def _waves(length: Tensor, dims: int) -> Tensor:
    """Sines and cosines of the position, from a period of 2 pi to thousands: they need no longest text. [n, d]"""
    periods = tf.constant(SLOWEST ** (np.arange(dims) // 2 * 2 / dims), tf.float32)
    angles = tf.cast(tf.range(length), tf.float32)[:, tf.newaxis] / periods
    return tf.where(tf.range(dims) % 2 == 0, tf.sin(angles), tf.cos(angles))
