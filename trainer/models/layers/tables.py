"""The embedding tables. One set for both towers: words of queries and titles share a table, and so do the items that
are ranked and the items of a history [inferred: the natural reading of the paper's one "Embedding Layer"].
"""

from collections.abc import Collection

import numpy as np
import tensorflow as tf

from multigrain.features.inputs import Vocabularies
from trainer.models.layers.layer import Embedding, Layer, Tensor, masked_mean

SIDES = ("leaf", "top", "brand", "shop")
"""The side features, in the order of the arrays of multigrain.features.inputs."""
CHARACTERS = ("unigram", "bigram")
BEHAVIORS = ("item", *SIDES)


class Tables(Layer):
    """Random at the start, as in the paper [V]. Side features are narrower than an item; the paper gives no widths."""

    unigram: Embedding
    bigram: Embedding
    word: Embedding
    item: Embedding
    sides: list[Embedding]

    def __init__(
        self,
        vocabularies: Vocabularies,
        dims: int,
        side_dims: int,
        rng: np.random.Generator,
        kinds: Collection[str],
    ) -> None:
        """`kinds` are those that the model reads: a table that nobody reads would cost memory and have no gradient."""
        super().__init__("tables")
        for kind in (*CHARACTERS, "word", "item"):
            if kind in kinds:
                setattr(self, kind, Embedding(getattr(vocabularies, kind).size, dims, rng, kind))
        self.sides = [
            Embedding(getattr(vocabularies, side).size, side_dims, rng, side) for side in SIDES if side in kinds
        ]
        self.first_item_bucket = 1 + len(vocabularies.item.tokens)
        self.item_buckets = vocabularies.item.buckets

    def mean_word(self, ids: Tensor) -> Tensor:
        """Mean of the words that are there: ids [..., W] -> [..., d]; zero for none."""
        return masked_mean(self.word(ids), tf.cast(ids > 0, tf.float32))

    def side_features(self, ids: Tensor) -> list[Tensor]:
        """ids [..., 4] -> four of [..., side_dims], in the order of SIDES."""
        return [table(column) for table, column in zip(self.sides, tf.unstack(ids, axis=-1), strict=True)]
