"""An item -> one vector.

[V] H_item = e_i + tanh(W_t . mean of the title's word vectors); the mean did better than an LSTM or a Transformer,
because titles are stacked keywords without grammar.
Two options are ours, not the paper's, and off by default. `item_side_features` adds W_s [leaf; top; brand; shop], so
that an item which nobody has clicked, whose e_i means little, still stands beside its like. `id_dropout` teaches what
that e_i should be: see id_dropout.py, which also says how unseen items are hashed.
"""

import numpy as np
import tensorflow as tf

from trainer.configs.config import ModelConfig
from trainer.models.layers.id_dropout import IdDropout
from trainer.models.layers.layer import Layer, Linear, Tensor
from trainer.models.layers.tables import SIDES, Tables


class ItemTower(Layer):
    """Item id, title words and side features -> [B, d]."""

    def __init__(self, tables: Tables, config: ModelConfig, rng: np.random.Generator) -> None:
        super().__init__("item_tower")
        self.tables = tables
        self.drop_id = IdDropout(tables, config.id_dropout)
        self.title = Linear(config.dims, config.dims, rng, "title")
        self.side = (
            Linear(len(SIDES) * config.side_dims, config.dims, rng, "side") if config.item_side_features else None
        )

    def __call__(self, item: Tensor, title_words: Tensor, side: Tensor, *, training: bool = False) -> Tensor:
        """ids [B], [B, T], [B, 4] -> [B, d]"""
        known = self.drop_id(item, training=training)
        vector = self.tables.item(known) + tf.tanh(self.title(self.tables.mean_word(title_words)))
        if self.side is None:
            return vector
        return vector + self.side(tf.concat(self.tables.side_features(side), -1))
