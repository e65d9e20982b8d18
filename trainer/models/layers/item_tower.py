"""An item -> one vector.

[V] H_item = e_i + tanh(W_t . mean of the title's word vectors); the mean did better than an LSTM or a Transformer,
because titles are stacked keywords without grammar.
`side_features` is ours, not the paper's: it adds W_s [leaf; top; brand; shop], so that an item which nobody has
clicked, whose e_i means little, still stands beside its like.
"""

import numpy as np
import tensorflow as tf

from trainer.models.layers.layer import Layer, Linear, Tensor, masked_mean
from trainer.models.layers.tables import SIDES, Tables


class ItemTower(Layer):
    """Item id, title words and side features -> [B, d]."""

    def __init__(
        self, tables: Tables, dims: int, side_dims: int, rng: np.random.Generator, *, side_features: bool
    ) -> None:
        super().__init__("item_tower")
        self.tables = tables
        self.title = Linear(dims, dims, rng, "title")
        self.side = Linear(len(SIDES) * side_dims, dims, rng, "side") if side_features else None

    def __call__(self, item: Tensor, title_words: Tensor, side: Tensor) -> Tensor:
        """ids [B], [B, T], [B, 4] -> [B, d]"""
        present = tf.cast(title_words > 0, tf.float32)
        vector = self.tables.item(item) + tf.tanh(self.title(masked_mean(self.tables.word(title_words), present)))
        if self.side is None:
            return vector
        return vector + self.side(tf.concat(self.tables.side_features(side), -1))
