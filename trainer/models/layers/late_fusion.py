"""Post-fusion, reading A: query and item are encoded each on its own, and fused by one dot product.  [inferred]

The paper says "post-fusion" and, in a reader's note, that the similarity is a dot product [V]; this is the reading that
fits both. How text and features are joined inside a tower is [inferred], too: multi-head attention over [query; user;
behaviour; query x behaviour] on the query's side, a perceptron on the item's. Both add to the text's vector and begin
near nothing: the towers start as a search by text. A query without a user has zero tokens, which attention passes by.
"""

import numpy as np
import tensorflow as tf

from trainer.models.layers.layer import Layer, Tensor
from trainer.models.layers.perceptron import Perceptron
from trainer.models.layers.quiet import quieten
from trainer.models.layers.self_attention import SelfAttention


class LateFusion(Layer):
    """What the towers found out -> vectors of length 1."""

    def __init__(self, *, dims: int, features: int, heads: int, rng: np.random.Generator) -> None:
        super().__init__("late_fusion")
        self.attention = SelfAttention(dims, heads, rng, "fusion_attention")
        self.perceptron = Perceptron(dims + features, dims, rng, "mmse_item")
        quieten(self.attention.out)
        quieten(self.perceptron.out)

    def query(self, text: Tensor, user: Tensor, behavior: Tensor) -> Tensor:
        """Three of [B, d] -> [B, d]"""
        # The product of a vector of length 1 with another is shorter than that by the root of the dims.
        both = text * behavior * np.float32(np.sqrt(text.shape[-1]))
        tokens = tf.stack([text, user, behavior, both], axis=1)
        return tf.nn.l2_normalize(text + self.attention.first(tokens), -1)

    def item(self, text: Tensor, features: Tensor) -> Tensor:
        """[B, d] and [B, f] -> [B, d]"""
        return tf.nn.l2_normalize(text + self.perceptron(tf.concat([text, features], -1)), -1)
