"""What the user did: real-time, short-term and long-term behaviour, each -> the rows that a query then attends to.

[V] e^f = W_f x^f for the item and its side features, concatenated; real-time: residual LSTM, multi-head
self-attention; short-term: the same without the LSTM; long-term: families {item, shop, leaf, brand} x {click, buy,
collect}, every sequence mean-pooled, one attention a family, summed. The attention is that of zero_attention.py.
[inferred] the concatenation is projected to d, and in the long-term a family's narrow vectors are too.
"""

import numpy as np
import tensorflow as tf

from trainer.models.layers.layer import Layer, Linear, Tensor, masked_mean
from trainer.models.layers.residual_lstm import ResidualLstm
from trainer.models.layers.self_attention import SelfAttention
from trainer.models.layers.tables import SIDES, Tables
from trainer.models.layers.zero_attention import attend_or_nothing

FAMILIES = ("shop", "leaf", "brand")
"""Side features with a long-term family of their own, beside the items."""


class BehaviorEncoding(Layer):
    """Item id and side features of one behaviour -> one vector. No bias: a behaviour of nothing is zero."""

    def __init__(self, tables: Tables, dims: int, side_dims: int, rng: np.random.Generator) -> None:
        super().__init__("behavior_encoding")
        self.tables = tables
        self.join = Linear(dims + len(SIDES) * side_dims, dims, rng, "join")

    def __call__(self, behaviors: Tensor) -> Tensor:
        """ids [..., 5] -> [..., d]"""
        return self.join(
            tf.concat([self.tables.item(behaviors[..., 0]), *self.tables.side_features(behaviors[..., 1:])], -1)
        )


class RealTime(Layer):
    """Of the last hours, in its order."""

    def __init__(self, dims: int, heads: int, layers: int, dropout: float, rng: np.random.Generator) -> None:
        super().__init__("realtime")
        self.lstm = ResidualLstm(dims, layers, dropout, rng, "realtime_lstm")
        self.attention = SelfAttention(dims, heads, rng, "realtime_attention")

    def __call__(self, encoded: Tensor, present: Tensor, *, training: bool) -> Tensor:
        """encoded [B, T, d], present [B, T] -> R_self_att [B, T, d], zero where nothing is present."""
        return self.attention(self.lstm(encoded, training=training), present)


class ShortTerm(Layer):
    """Of the last days."""

    def __init__(self, dims: int, heads: int, rng: np.random.Generator) -> None:
        super().__init__("short")
        self.attention = SelfAttention(dims, heads, rng, "short_attention")

    def __call__(self, encoded: Tensor, present: Tensor) -> Tensor:
        """encoded [B, T, d], present [B, T] -> S_self_att [B, T, d], zero where nothing is present."""
        return self.attention(encoded, present)


class LongTerm(Layer):
    """Of the last month: only means, to be cheap at query time."""

    def __init__(self, tables: Tables, dims: int, side_dims: int, rng: np.random.Generator) -> None:
        super().__init__("long")
        self.tables = tables
        self.widen = {family: Linear(side_dims, dims, rng, f"long_{family}") for family in FAMILIES}

    def __call__(self, behaviors: Tensor) -> Tensor:
        """ids [B, 3, L, 5] -> the mean of each family's sequence, item first: [B, 4, 3, d]"""
        present = present_of(behaviors)
        sides = dict(zip(SIDES, self.tables.side_features(behaviors[..., 1:]), strict=True))
        means = [masked_mean(self.tables.item(behaviors[..., 0]), present)]
        means += [self.widen[family](masked_mean(sides[family], present)) for family in FAMILIES]
        return tf.stack(means, axis=1)

    def present(self, behaviors: Tensor) -> Tensor:
        """ids [B, 3, L, 5] -> [B, 3], 1 where there is any behaviour of that action."""
        return tf.reduce_max(present_of(behaviors), -1)

    def attend(self, grains: Tensor, means: Tensor, present: Tensor) -> Tensor:
        """Q_mgs [B, 6, d], means [B, 4, 3, d], present [B, 3] -> H_long [B, 6, d]: each family asked alone, summed."""
        found = attend_or_nothing(grains[:, tf.newaxis], means, present[:, tf.newaxis])
        return tf.reduce_sum(found, 1)


def present_of(behaviors: Tensor) -> Tensor:
    """ids [..., 5] -> [...], 1 where there is a behaviour: item id 0 is padding."""
    return tf.cast(behaviors[..., 0] > 0, tf.float32)
