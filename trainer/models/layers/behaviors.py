"""What the user did, asked by the query: real-time, short-term and long-term behaviour, each -> [B, 6, d].

[V] e^f = W_f x^f for the item and its side features, concatenated; real-time: residual LSTM, multi-head
self-attention, zero row, unscaled attention from Q_mgs; short-term: the same without the LSTM; long-term: families
{item, shop, leaf, brand} x {click, buy, collect}, every sequence mean-pooled, one zero attention a family, summed.
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
        """ids [B, T, 5] -> [B, T, d]"""
        return self.join(
            tf.concat([self.tables.item(behaviors[..., 0]), *self.tables.side_features(behaviors[..., 1:])], -1)
        )


class RealTime(Layer):
    """Of the last hours, in its order."""

    def __init__(self, dims: int, heads: int, layers: int, dropout: float, rng: np.random.Generator) -> None:
        super().__init__("realtime")
        self.lstm = ResidualLstm(dims, layers, dropout, rng, "realtime_lstm")
        self.attention = SelfAttention(dims, heads, rng, "realtime_attention")

    def __call__(self, grains: Tensor, encoded: Tensor, present: Tensor, *, training: bool) -> Tensor:
        """Q_mgs [B, 6, d], encoded [B, T, d], present [B, T] -> H_real [B, 6, d]"""
        remembered = self.lstm(encoded, training=training)
        return attend_or_nothing(grains, self.attention(remembered, present), present)


class ShortTerm(Layer):
    """Of the last days."""

    def __init__(self, dims: int, heads: int, rng: np.random.Generator) -> None:
        super().__init__("short")
        self.attention = SelfAttention(dims, heads, rng, "short_attention")

    def __call__(self, grains: Tensor, encoded: Tensor, present: Tensor) -> Tensor:
        """Q_mgs [B, 6, d], encoded [B, T, d], present [B, T] -> H_short [B, 6, d]"""
        return attend_or_nothing(grains, self.attention(encoded, present), present)


class LongTerm(Layer):
    """Of the last month: only means, to be cheap at query time."""

    def __init__(self, tables: Tables, dims: int, side_dims: int, rng: np.random.Generator) -> None:
        super().__init__("long")
        self.tables = tables
        self.widen = {family: Linear(side_dims, dims, rng, f"long_{family}") for family in FAMILIES}

    def __call__(self, grains: Tensor, behaviors: Tensor) -> Tensor:
        """Q_mgs [B, 6, d], ids [B, 3, L, 5] -> H_long [B, 6, d]"""
        present = present_of(behaviors)
        any_of_action = tf.reduce_max(present, -1)
        sides = dict(zip(SIDES, self.tables.side_features(behaviors[..., 1:]), strict=True))
        means = [masked_mean(self.tables.item(behaviors[..., 0]), present)]
        means += [self.widen[family](masked_mean(sides[family], present)) for family in FAMILIES]
        return tf.add_n([attend_or_nothing(grains, mean, any_of_action) for mean in means])


def present_of(behaviors: Tensor) -> Tensor:
    """ids [..., 5] -> [...], 1 where there is a behaviour: item id 0 is padding."""
    return tf.cast(behaviors[..., 0] > 0, tf.float32)
