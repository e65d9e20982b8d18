"""MGDSPR: a heavy query tower that asks a user's history with six grains of the query, and a light item tower.

What the paper says and what we inferred is tagged, [V] and [inferred], in the file of each piece. What replaces a
piece that is switched off is [inferred] throughout.
"""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from multigrain.features.inputs import Vocabularies
from trainer.configs.config import ModelConfig
from trainer.models.layers.behaviors import BehaviorEncoding, LongTerm, RealTime, ShortTerm, present_of
from trainer.models.layers.concatenation import Concatenation
from trainer.models.layers.fusion import Fusion
from trainer.models.layers.item_tower import ItemTower
from trainer.models.layers.layer import Layer, State, Tensor
from trainer.models.layers.tables import BEHAVIORS, Tables
from trainer.models.layers.zero_attention import attend_or_nothing
from trainer.models.query_grains import kinds_read, make_grains


class QueryTower(Layer):
    """Query text, earlier queries and three windows of behaviour -> [B, d]."""

    def __init__(self, tables: Tables, config: ModelConfig, *, query_words: int, rng: np.random.Generator) -> None:
        super().__init__("query_tower")
        dims, heads = config.dims, config.heads
        self.reads_history = config.history
        self.grains = make_grains(tables, config, query_words=query_words, rng=rng)
        self.encode = BehaviorEncoding(tables, dims, config.side_dims, rng)
        self.realtime = RealTime(dims, heads, config.lstm_layers, config.dropout, rng)
        self.short = ShortTerm(dims, heads, rng)
        self.long = LongTerm(tables, dims, config.side_dims, rng)
        self.fusion: Fusion | Concatenation = (
            Fusion(dims, heads, rng) if config.fusion == "cls" else Concatenation(dims, rng)
        )

    def __call__(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> Tensor:
        """Inputs as multigrain.features.inputs.query_inputs makes them -> [B, d]"""
        state = self.encode_user(inputs, training=training)
        return self.encode_query(inputs["unigrams"], inputs["bigrams"], inputs["words"], state)

    def encode_user(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> State:
        """Everything that does not depend on the query:

        realtime_rows [B, R, d] and realtime_present [B, R], short_rows [B, S, d] and short_present [B, S],
        long_means [B, 4, 3, d] and long_present [B, 3], and of the grains, where they read earlier queries,
        asked_vectors [B, Q, d] and asked_present [B, Q].
        """
        if not self.reads_history:
            inputs = {name: tf.zeros_like(ids) for name, ids in inputs.items()}
        recent, older, oldest = inputs["realtime"], inputs["short"], inputs["long"]
        recent_present, older_present = present_of(recent), present_of(older)
        return {
            **self.grains.encode_user(inputs["history_words"]),
            "realtime_rows": self.realtime(self.encode(recent), recent_present, training=training),
            "realtime_present": recent_present,
            "short_rows": self.short(self.encode(older), older_present),
            "short_present": older_present,
            "long_means": self.long(oldest),
            "long_present": self.long.present(oldest),
        }

    def encode_query(self, unigrams: Tensor, bigrams: Tensor, words: Tensor, state: State) -> Tensor:
        """Ids [B, U], [B, G], [B, W] and the states of as many users -> [B, d]"""
        grains = self.grains(unigrams, bigrams, words, state)
        real = attend_or_nothing(grains, state["realtime_rows"], state["realtime_present"])
        short = attend_or_nothing(grains, state["short_rows"], state["short_present"])
        long = self.long.attend(grains, state["long_means"], state["long_present"])
        return self.fusion(grains, real, short, long)


class Mgdspr(Layer):
    """Both towers over one set of tables."""

    def __init__(self, config: ModelConfig, vocabularies: Vocabularies, *, query_words: int, seed: int) -> None:
        super().__init__("mgdspr")
        rng = np.random.default_rng(seed)
        tables = Tables(vocabularies, config.dims, config.side_dims, rng, (*kinds_read(config), *BEHAVIORS))
        self.query = QueryTower(tables, config, query_words=query_words, rng=rng)
        self.item = ItemTower(tables, config, rng)
