"""Multi-head self-attention with a mask, and the Transformer layer made of it."""

import numpy as np
import tensorflow as tf

from trainer.models.layers.layer import Layer, LayerNorm, Linear, Tensor

ABSENT = -1e9
"""Added to the logit of an absent key. Not -inf: a row of nothing but absent keys would be NaN."""
FEED_FORWARD_FACTOR = 4


class SelfAttention(Layer):
    """Scaled dot-product attention of a sequence to itself, several heads, no bias: a zero token gives zero."""

    def __init__(self, dims: int, heads: int, rng: np.random.Generator, name: str) -> None:
        super().__init__(name)
        self.heads, self.width = heads, dims // heads
        self.into = Linear(dims, 3 * dims, rng, f"{name}_qkv")
        self.out = Linear(dims, dims, rng, f"{name}_out")

    def __call__(self, x: Tensor, present: Tensor) -> Tensor:
        """x [B, n, d], present [B, n] -> [B, n, d]; zero at absent positions."""
        query, key, value = self._heads_of(x)
        return self._attend(query, key, value, present) * present[..., tf.newaxis]

    def first(self, x: Tensor) -> Tensor:
        """The output at position 0 alone, every position present: [B, n, d] -> [B, d].

        No key and no value is made: q . (x K) = (q K^T) . x, so the one query goes through the keys' weights instead
        of all n tokens, and after the attention the one mixture of tokens goes through the values'. Each head has a row
        of zeros but for its own part, so that both are plain products of matrices.
        """
        dims = self.heads * self.width
        apart = np.repeat(np.eye(self.heads, dtype=np.float32), self.width, axis=1)
        query = self.into(x[:, 0, :])[:, tf.newaxis, :dims] / np.float32(np.sqrt(self.width)) * apart
        _, keys, values = tf.split(self.into.weight, 3, axis=1)
        asked = tf.reshape(tf.matmul(tf.reshape(query, [-1, dims]), keys, transpose_b=True), [-1, self.heads, dims])
        mixed = tf.matmul(tf.nn.softmax(tf.matmul(asked, x, transpose_b=True)), x)
        found = tf.reshape(tf.matmul(tf.reshape(mixed, [-1, dims]), values), [-1, self.heads, dims])
        return self.out(tf.reduce_sum(found * apart, 1))

    def _heads_of(self, x: Tensor) -> list[Tensor]:
        """[B, n, d] -> query, key, value of [B, heads, n, width]"""
        parts = tf.reshape(self.into(x), [-1, tf.shape(x)[1], 3, self.heads, self.width])
        heads: list[Tensor] = tf.unstack(tf.transpose(parts, [2, 0, 3, 1, 4]))
        return heads

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, present: Tensor) -> Tensor:
        """[B, heads, q, width] and twice [B, heads, n, width], present [B, n] -> [B, q, d]"""
        logits = tf.matmul(query, key, transpose_b=True) / np.float32(np.sqrt(self.width))
        logits += ABSENT * (1.0 - present)[:, tf.newaxis, tf.newaxis, :]
        mixed = tf.transpose(tf.matmul(tf.nn.softmax(logits), value), [0, 2, 1, 3])
        return self.out(tf.reshape(mixed, [-1, tf.shape(query)[2], self.heads * self.width]))


class TransformerLayer(Layer):
    """Self-attention and a feed-forward, each with a residual; normalised first, which needs no warm-up [inferred]."""

    def __init__(self, dims: int, heads: int, rng: np.random.Generator, name: str) -> None:
        super().__init__(name)
        self.attention = SelfAttention(dims, heads, rng, f"{name}_attention")
        self.before_attention = LayerNorm(dims, f"{name}_norm1")
        self.before_wide = LayerNorm(dims, f"{name}_norm2")
        self.wide = Linear(dims, FEED_FORWARD_FACTOR * dims, rng, f"{name}_wide", bias=True)
        self.narrow = Linear(FEED_FORWARD_FACTOR * dims, dims, rng, f"{name}_narrow", bias=True)

    def __call__(self, x: Tensor, present: Tensor) -> Tensor:
        """x [B, n, d], present [B, n] -> [B, n, d]; what stands at absent positions means nothing."""
        x += self.attention(self.before_attention(x), present)
        return x + self.narrow(tf.nn.gelu(self.wide(self.before_wide(x)), approximate=True))
