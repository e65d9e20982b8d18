"""Which columns a row learns as positives: its own, or every known one that stands among the candidates.

[V] One positive a row. [inferred] Many, as in objectives of the MOPPR kind: who clicked three items of a page tells
that the three stand above the rest, and nothing of their order.
"""

from dataclasses import dataclass

import tensorflow as tf

from trainer.models.layers.layer import Tensor


@dataclass(frozen=True, slots=True)
class Positives:
    """The positives of each row as columns of the candidates, the row's own first."""

    columns: Tensor
    """int32 [B, P]; any column where not counted."""
    counted: Tensor
    """bool [B, P]; never false for a row's own."""

    def mean(self, losses: Tensor) -> Tensor:
        """Mean over the counted positives of each row. [B, P] -> [B]"""
        counted = tf.cast(self.counted, losses.dtype)
        return tf.reduce_sum(losses * counted, -1) / tf.reduce_sum(counted, -1)


def own_positive(known: Tensor) -> Positives:
    """Column b of row b alone. known [B, K]"""
    columns = tf.range(tf.shape(known)[0])[:, tf.newaxis]
    return Positives(columns, tf.ones_like(columns, tf.bool))


def many_positives(candidates: Tensor, known: Tensor) -> Positives:
    """Each known positive once, however many columns hold it: else what is popular would weigh more.

    candidates [C] and known [B, K] hold catalogue rows; known is padded with -1. -> P = 1 + K
    """
    own = own_positive(known)
    found = candidates == known[:, :, tf.newaxis]
    further = known != tf.gather(candidates, own.columns)
    columns = tf.argmax(tf.cast(found, tf.int32), -1, tf.int32)
    counted = tf.logical_and(further, tf.reduce_any(found, -1))
    return Positives(tf.concat([own.columns, columns], -1), tf.concat([own.counted, counted], -1))
