"""The impression groups of a batch's searches as tensors: what was clicked, ordered, and seen and left alone.

[V] P = [P_o, P_c, P_u, P_n] of each search, P_o a part of P_c. The first three are here; P_n is what a step draws.
"""

from dataclasses import dataclass

import tensorflow as tf

from trainer.models.layers.layer import Tensor
from trainer.replicas import Part

NOBODY = -1
"""A place that no item fills."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impressions:
    """Of B searches."""

    clicked: Tensor
    """[B, C], catalogue rows, NOBODY where there is none."""
    is_ordered: Tensor
    """bool [B, C], which of them were ordered."""
    unclicked: Tensor
    """[B, U]"""

    @property
    def is_clicked(self) -> Tensor:
        return self.clicked != NOBODY

    @property
    def is_unclicked(self) -> Tensor:
        return self.unclicked != NOBODY

    @property
    def has_clicked(self) -> Tensor:
        """bool [B]"""
        return tf.reduce_any(self.is_clicked, -1)

    @property
    def has_ordered(self) -> Tensor:
        return tf.reduce_any(self.is_ordered, -1)

    @property
    def has_unclicked(self) -> Tensor:
        return tf.reduce_any(self.is_unclicked, -1)

    def taken(self, part: Part) -> "Impressions":
        """Those of a part's searches."""
        clicked, is_ordered, unclicked = map(part.take, (self.clicked, self.is_ordered, self.unclicked))
        return Impressions(clicked=clicked, is_ordered=is_ordered, unclicked=unclicked)


def others_than(seen: Impressions, known: Tensor, candidates: Tensor) -> Tensor:
    """True where a candidate may be a negative of the row: nothing that its search showed, as far as it is known.

    An unclicked item passed relevance and ranking to be shown, so for retrieval it is no negative of a click; and what
    was clicked is nobody's negative in its own row. `known` [B, K], every click of the row, also those beyond the
    group's cap; candidates [N], NOBODY where there is none. -> [B, N]
    """
    shown = tf.concat([known, seen.clicked, seen.unclicked], -1)
    hit = tf.reduce_any(candidates[tf.newaxis, :, tf.newaxis] == shown[:, tf.newaxis, :], -1)
    return tf.logical_and(candidates != NOBODY, tf.logical_not(hit))
