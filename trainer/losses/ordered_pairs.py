"""Pairs of one search, each asked for a margin: what the user liked more, above what the user liked less.

[V] Ranking terms compare locally: clicked ahead of unclicked, ordered further ahead. [inferred] max(0, m - s+ + s-),
the mean over the pairs of a search; or its smooth form, tau softplus((m - s+ + s-) / tau), which has the hinge's slopes
at a distance, and goes on pulling a little where the hinge rests.
"""

from typing import Literal

import tensorflow as tf

from trainer.models.layers.layer import Tensor


def pair_losses(
    above: Tensor, below: Tensor, *, margin: float, kind: Literal["hinge", "softplus"], temperature: float
) -> Tensor:
    """Of each pair. above [B, P], below [B, U] -> [B, P, U]"""
    over = margin - above[:, :, tf.newaxis] + below[:, tf.newaxis, :]
    return tf.nn.relu(over) if kind == "hinge" else temperature * tf.nn.softplus(over / temperature)


def pairs_of(above: Tensor, below: Tensor) -> Tensor:
    """Which pairs there are. bool [B, P], bool [B, U] -> [B, P, U]"""
    return tf.logical_and(above[:, :, tf.newaxis], below[:, tf.newaxis, :])
