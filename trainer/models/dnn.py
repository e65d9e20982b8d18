"""The baseline of the paper's main table, alpha-DNN, in our reading: everything is pooled, then a perceptron.

[V] a strong production MLP over static features, statistical features and pooled sequences.
[inferred] all else: which features (ours: the ones that MGDSPR reads, for a fair comparison; so no statistical
ones), mean as the pooling, one hidden layer, the same loss as MGDSPR, a perceptron over the item, too.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from multigrain.features.inputs import Vocabularies
from trainer.configs.config import ModelConfig
from trainer.models.layers.behaviors import BehaviorEncoding, present_of
from trainer.models.layers.id_dropout import IdDropout
from trainer.models.layers.layer import Layer, State, Tensor, masked_mean
from trainer.models.layers.perceptron import Perceptron
from trainer.models.layers.tables import BEHAVIORS, SIDES, Tables

POOLED = 6
"""Means of the history: earlier queries, real-time, short-term, and long-term by each of three actions."""


class DnnQueryTower(Layer):
    """Mean of the query's words, and means of the history -> perceptron -> [B, d]."""

    def __init__(self, tables: Tables, config: ModelConfig, rng: np.random.Generator) -> None:
        super().__init__("dnn_query_tower")
        self.tables = tables
        self.encode = BehaviorEncoding(tables, config.dims, config.side_dims, rng)
        self.perceptron = Perceptron((1 + POOLED) * config.dims, config.dims, rng, "dnn_query")

    def __call__(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> Tensor:
        state = self.encode_user(inputs, training=training)
        return self.encode_query(inputs["unigrams"], inputs["bigrams"], inputs["words"], state)

    def encode_user(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> State:
        """pooled [B, 6 d]: a mean over nothing is zero."""
        earlier = self.tables.mean_word(inputs["history_words"])
        asked = tf.cast(tf.reduce_any(inputs["history_words"] > 0, -1), tf.float32)
        long = self._mean(inputs["long"])
        parts = [masked_mean(earlier, asked), self._mean(inputs["realtime"]), self._mean(inputs["short"])]
        return {"pooled": tf.concat([*parts, *tf.unstack(long, axis=1)], -1)}

    def encode_query(self, unigrams: Tensor, bigrams: Tensor, words: Tensor, state: State) -> Tensor:
        """Ids [B, U], [B, G] (both unread), [B, W] and pooled [B, 6 d] -> [B, d]"""
        return self.perceptron(tf.concat([self.tables.mean_word(words), state["pooled"]], -1))

    def _mean(self, behaviors: Tensor) -> Tensor:
        """ids [..., T, 5] -> [..., d]"""
        return masked_mean(self.encode(behaviors), present_of(behaviors))


class DnnItemTower(Layer):
    """Item id, mean of the title's words, and where asked for the side features -> perceptron -> [B, d]."""

    def __init__(self, tables: Tables, config: ModelConfig, rng: np.random.Generator) -> None:
        super().__init__("dnn_item_tower")
        self.tables = tables
        self.drop_id = IdDropout(tables, config.id_dropout)
        self.with_side = config.item_side_features
        side = len(SIDES) * config.side_dims if self.with_side else 0
        self.perceptron = Perceptron(2 * config.dims + side, config.dims, rng, "dnn_item")

    def __call__(self, item: Tensor, title_words: Tensor, side: Tensor, *, training: bool = False) -> Tensor:
        """ids [B], [B, T], [B, 4] -> [B, d]"""
        known = self.drop_id(item, training=training)
        parts = [self.tables.item(known), self.tables.mean_word(title_words)]
        if self.with_side:
            parts += self.tables.side_features(side)
        return self.perceptron(tf.concat(parts, -1))


class Dnn(Layer):
    """Both towers over one set of tables."""

    def __init__(self, config: ModelConfig, vocabularies: Vocabularies, *, seed: int) -> None:
        super().__init__("dnn")
        rng = np.random.default_rng(seed)
        tables = Tables(vocabularies, config.dims, config.side_dims, rng, ("word", *BEHAVIORS))
        self.query = DnnQueryTower(tables, config, rng)
        self.item = DnnItemTower(tables, config, rng)
