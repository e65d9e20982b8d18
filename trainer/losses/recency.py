"""How much a row counts by its age.  Ours, not the papers'.

What people mean by a query moves: a shop that sold one game of a series all summer sells the next one in autumn, and a
click of last week tells more about tomorrow than one of last quarter. Rows are weighted and not left out, so that a
query which was asked long ago, and never again, is still known; nor drawn by their weight, for then log-Q would have to
know of it.
"""

import tensorflow as tf

from trainer.models.layers.layer import Tensor

HOURS_A_DAY = 24.0


def recency(age_hours: Tensor, *, half_life_days: float) -> Tensor:
    """1 for what is of now, 1/2 for what is a half-life old. [B] -> float32 [B]"""
    return tf.pow(0.5, tf.cast(age_hours, tf.float32) / (half_life_days * HOURS_A_DAY))


def weighted_mean(rows: Tensor, weights: Tensor | None) -> Tensor:
    """Sum of the rows, each times its weight, over their number: a batch of old rows moves the towers less. [B] -> []

    None: each counts 1.
    """
    return tf.reduce_mean(rows if weights is None else rows * weights)
