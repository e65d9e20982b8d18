"""Post-fusion, reading B: text, id and personal grains each have a similarity, and those are summed by weights.

[inferred], and not what we take the paper to say: an option, never to be reported as its method. Still one index and
one dot product, because for weights that are not negative

    sum_g w_g <q_g, p_g>  =  <[sqrt(w_g) q_g]_g, [sqrt(w_g) p_g]_g>

The weights are learnt, and sum to 1. They must not depend on the item, and here on nothing. The personal grain of a
query without a user is zero: such a query is shorter, and is ranked by the other two.
"""

import numpy as np
import tensorflow as tf

from trainer.models.layers.layer import Layer, Linear, Tensor
from trainer.models.layers.perceptron import Perceptron

GRAINS = ("text", "id", "personal")


def grain_dims(dims: int) -> tuple[int, ...]:
    """Widths of the grains, which sum to `dims`: half of it for the text, a quarter each for the others."""
    quarter = dims // 4
    return dims - 2 * quarter, quarter, quarter


class GrainFusion(Layer):
    """What the towers found out -> vectors whose inner product is the weighted sum."""

    def __init__(self, *, dims: int, features: int, rng: np.random.Generator) -> None:
        super().__init__("grain_fusion")
        text, ids, personal = grain_dims(dims)
        self.query_text = Linear(dims, text, rng, "grain_query_text")
        self.query_id = Perceptron(dims, ids, rng, "grain_query_id")
        self.query_personal = Linear(3 * dims, personal, rng, "grain_query_personal")
        self.item_text = Linear(dims, text, rng, "grain_item_text")
        self.item_id = Perceptron(features, ids, rng, "grain_item_id")
        self.item_personal = Perceptron(dims + features, personal, rng, "grain_item_personal")
        self.told = tf.Variable(np.zeros(len(GRAINS), np.float32), name="grain_weights")

    def query(self, text: Tensor, user: Tensor, behavior: Tensor) -> Tensor:
        """Three of [B, d] -> [B, d]"""
        return self._joined(self.query_grains(text, user, behavior))

    def item(self, text: Tensor, features: Tensor) -> Tensor:
        """[B, d] and [B, f] -> [B, d]"""
        return self._joined(self.item_grains(text, features))

    def weights(self) -> Tensor:
        """Of the grains, in the order of GRAINS. [3]"""
        return tf.nn.softmax(self.told)

    def query_grains(self, text: Tensor, user: Tensor, behavior: Tensor) -> list[Tensor]:
        """[B, d_g] each, of length 1 or zero."""
        personal = tf.concat([user, behavior, text * behavior], -1)
        return _of_length_1([self.query_text(text), self.query_id(text), self.query_personal(personal)])

    def item_grains(self, text: Tensor, features: Tensor) -> list[Tensor]:
        """[B, d_g] each, of length 1 or zero."""
        both = tf.concat([text, features], -1)
        return _of_length_1([self.item_text(text), self.item_id(features), self.item_personal(both)])

    def _joined(self, grains: list[Tensor]) -> Tensor:
        lengths = tf.unstack(tf.sqrt(self.weights()))
        return tf.concat([length * grain for length, grain in zip(lengths, grains, strict=True)], -1)


def _of_length_1(grains: list[Tensor]) -> list[Tensor]:
    return [tf.nn.l2_normalize(grain, -1) for grain in grains]
