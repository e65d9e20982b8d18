"""MGDSPR: a heavy query tower that asks a user's history with six grains of the query, and a light item tower.

What the paper says and what we inferred is tagged, [V] and [inferred], in the file of each piece.
"""

from collections.abc import Mapping

import numpy as np

from multigrain.features.inputs import Vocabularies
from trainer.configs.config import ModelConfig
from trainer.models.layers.behaviors import BehaviorEncoding, LongTerm, RealTime, ShortTerm, present_of
from trainer.models.layers.fusion import Fusion
from trainer.models.layers.grains import Grains
from trainer.models.layers.item_tower import ItemTower
from trainer.models.layers.layer import Layer, Tensor
from trainer.models.layers.tables import Tables


class QueryTower(Layer):
    """Query text, earlier queries and three windows of behaviour -> [B, d]."""

    def __init__(self, tables: Tables, config: ModelConfig, *, query_words: int, rng: np.random.Generator) -> None:
        super().__init__("query_tower")
        dims, heads = config.dims, config.heads
        self.grains = Grains(
            tables, dims=dims, heads=heads, layers=config.transformer_layers, words=query_words, rng=rng
        )
        self.encode = BehaviorEncoding(tables, dims, config.side_dims, rng)
        self.realtime = RealTime(dims, heads, config.lstm_layers, config.dropout, rng)
        self.short = ShortTerm(dims, heads, rng)
        self.long = LongTerm(tables, dims, config.side_dims, rng)
        self.fusion = Fusion(dims, heads, rng)

    def __call__(self, inputs: Mapping[str, Tensor], *, training: bool = False) -> Tensor:
        """Inputs as multigrain.features.inputs.query_inputs makes them -> [B, d]"""
        grains = self.grains(inputs["unigrams"], inputs["bigrams"], inputs["words"], inputs["history_words"])
        recent, older = inputs["realtime"], inputs["short"]
        real = self.realtime(grains, self.encode(recent), present_of(recent), training=training)
        short = self.short(grains, self.encode(older), present_of(older))
        long = self.long(grains, inputs["long"])
        return self.fusion(grains, real, short, long)


class Mgdspr(Layer):
    """Both towers over one set of tables."""

    def __init__(self, config: ModelConfig, vocabularies: Vocabularies, *, query_words: int, seed: int) -> None:
        super().__init__("mgdspr")
        rng = np.random.default_rng(seed)
        tables = Tables(vocabularies, config.dims, config.side_dims, rng)
        self.query = QueryTower(tables, config, query_words=query_words, rng=rng)
        self.item = ItemTower(tables, config.dims, config.side_dims, rng, side_features=config.item_side_features)
