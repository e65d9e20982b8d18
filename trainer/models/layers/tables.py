"""The embedding tables. One set for both towers: words of queries and titles share a table, and so do the items that
are ranked and the items of a history [inferred: the natural reading of the paper's one "Embedding Layer"].
"""

import numpy as np
import tensorflow as tf

from multigrain.features.inputs import Vocabularies
from trainer.models.layers.layer import Embedding, Layer, Tensor

SIDES = ("leaf", "top", "brand", "shop")
"""The side features, in the order of the arrays of multigrain.features.inputs."""


class Tables(Layer):
    """Random at the start, as in the paper [V]. Side features are narrower than an item; the paper gives no widths."""

    def __init__(self, vocabularies: Vocabularies, dims: int, side_dims: int, rng: np.random.Generator) -> None:
        super().__init__("tables")
        self.unigram = Embedding(vocabularies.unigram.size, dims, rng, "unigram")
        self.bigram = Embedding(vocabularies.bigram.size, dims, rng, "bigram")
        self.word = Embedding(vocabularies.word.size, dims, rng, "word")
        self.item = Embedding(vocabularies.item.size, dims, rng, "item")
        self.sides = [Embedding(getattr(vocabularies, side).size, side_dims, rng, side) for side in SIDES]

    def side_features(self, ids: Tensor) -> list[Tensor]:
        """ids [..., 4] -> four of [..., side_dims], in the order of SIDES."""
        return [table(column) for table, column in zip(self.sides, tf.unstack(ids, axis=-1), strict=True)]
