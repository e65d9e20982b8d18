"""Both texts as bags of words and of character grains, from the same tables, at length 1.  Ours, not the papers'.

For shops with few searches. With random vectors and nothing learnt it is already a lexical engine: texts that share
words lie near each other, the more the rarer the words are. Training need only bend that, by what is clicked for what:
which words mean the same, and which count. So there is no linear map between the tables and the score, which would
have to be learnt before anything is found.

How long the vectors begin, and why, is told in layers/text_tables.py.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from multigrain.features.inputs import Vocabularies
from trainer.configs.config import ModelConfig
from trainer.models.layers.layer import Layer, State, Tensor
from trainer.models.layers.spelling import Spelling
from trainer.models.layers.text_tables import TextTables


class BagQueryTower(Layer):
    """Words and unigrams of the query -> [B, d]"""

    def __init__(self, tables: TextTables) -> None:
        super().__init__("bag_query_tower")
        self.tables = tables

    def __call__(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> Tensor:
        state = self.encode_user(inputs, training=training)
        return self.encode_query(inputs["unigrams"], inputs["bigrams"], inputs["words"], state)

    def encode_user(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> State:
        """anybody [B, 1], zeros: a state must have a tensor, and this tower knows no user."""
        return {"anybody": tf.zeros([tf.shape(inputs["history_words"])[0], 1])}

    def encode_query(self, unigrams: Tensor, bigrams: Tensor, words: Tensor, state: State) -> Tensor:
        """Ids [B, U], [B, G] (unread), [B, W] -> [B, d]; the state is not looked at."""
        total = tf.reduce_sum(self.tables.word(words), 1) + tf.reduce_sum(self.tables.unigram(unigrams), 1)
        return tf.nn.l2_normalize(total, -1)


class BagItemTower(Layer):
    """Words of the title, and the unigrams that they are spelt with -> [B, d]"""

    def __init__(self, tables: TextTables, vocabularies: Vocabularies) -> None:
        super().__init__("bag_item_tower")
        self.tables = tables
        self.spell = Spelling(vocabularies)

    def __call__(self, item: Tensor, title_words: Tensor, side: Tensor, *, training: bool = False) -> Tensor:
        """ids [B] (unread), [B, T], [B, 4] (unread) -> [B, d]"""
        there = title_words > 0
        # Each word of the batch is put together once: the words of a thousand titles are a few thousand.
        words, places = tf.unique(tf.boolean_mask(title_words, there))
        vectors = tf.gather(self._with_grains(words), places)
        titles = tf.cast(tf.where(there)[:, 0], tf.int32)
        return tf.nn.l2_normalize(tf.math.unsorted_segment_sum(vectors, titles, tf.shape(title_words)[0]), -1)

    def _with_grains(self, words: Tensor) -> Tensor:
        """ids [n] -> [n, d]"""
        spelt = self.spell(words)
        there = spelt > 0
        owners = tf.cast(tf.where(there)[:, 0], tf.int32)
        grains = self.tables.unigram(tf.boolean_mask(spelt, there))
        return self.tables.word(words) + tf.math.unsorted_segment_sum(grains, owners, tf.shape(words)[0])


class Bag(Layer):
    """Both towers over one set of tables."""

    def __init__(self, config: ModelConfig, vocabularies: Vocabularies, *, seed: int) -> None:
        super().__init__("bag")
        tables = TextTables(vocabularies, config.dims, np.random.default_rng(seed))
        self.query = BagQueryTower(tables)
        self.item = BagItemTower(tables, vocabularies)
