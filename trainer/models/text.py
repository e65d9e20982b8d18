"""A baseline that reads only text: what the user did, and which item it is, make no difference.  [inferred]

The query's side has the grains of MGDSPR less the one of earlier queries (or the words alone, as model.grains says),
the item's side its title; a linear map each. What it finds, a lexical engine with a little softness would find.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from multigrain.features.inputs import Vocabularies
from trainer.configs.config import ModelConfig
from trainer.models.layers.layer import Layer, Linear, State, Tensor
from trainer.models.layers.tables import Tables
from trainer.models.query_grains import kinds_read, make_grains


class TextQueryTower(Layer):
    """Mean of the query's grains -> linear -> [B, d]."""

    def __init__(self, tables: Tables, config: ModelConfig, *, query_words: int, rng: np.random.Generator) -> None:
        super().__init__("text_query_tower")
        self.grains = make_grains(tables, config, query_words=query_words, rng=rng)
        self.out = Linear(config.dims, config.dims, rng, "text_query")

    def __call__(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> Tensor:
        state = self.encode_user(inputs, training=training)
        return self.encode_query(inputs["unigrams"], inputs["bigrams"], inputs["words"], state)

    def encode_user(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> State:
        """anybody [B, 1], zeros: a state must have a tensor, and this tower knows no user."""
        return {"anybody": tf.zeros([tf.shape(inputs["history_words"])[0], 1])}

    def encode_query(self, unigrams: Tensor, bigrams: Tensor, words: Tensor, state: State) -> Tensor:
        """Ids [B, U], [B, G], [B, W] -> [B, d]; the state is not looked at."""
        nothing_asked = self.grains.encode_user(tf.zeros_like(words)[:, tf.newaxis, :])
        return self.out(tf.reduce_mean(self.grains(unigrams, bigrams, words, nothing_asked), 1))


class TextItemTower(Layer):
    """Mean of the title's words -> linear -> [B, d]."""

    def __init__(self, tables: Tables, config: ModelConfig, rng: np.random.Generator) -> None:
        super().__init__("text_item_tower")
        self.tables = tables
        self.out = Linear(config.dims, config.dims, rng, "text_item")

    def __call__(self, item: Tensor, title_words: Tensor, side: Tensor, *, training: bool = False) -> Tensor:
        """ids [B] (unread), [B, T], [B, 4] (unread) -> [B, d]"""
        return self.out(self.tables.mean_word(title_words))


class Text(Layer):
    """Both towers over one table of words."""

    def __init__(self, config: ModelConfig, vocabularies: Vocabularies, *, query_words: int, seed: int) -> None:
        super().__init__("text")
        rng = np.random.default_rng(seed)
        tables = Tables(vocabularies, config.dims, config.side_dims, rng, kinds_read(config))
        self.query = TextQueryTower(tables, config, query_words=query_words, rng=rng)
        self.item = TextItemTower(tables, config, rng)
