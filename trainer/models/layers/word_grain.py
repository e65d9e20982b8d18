"""What stands for a query when its grains are switched off: the mean of its words, alone.  [inferred]

The paper's ablation has a row without the multi-granular unit, and does not say what took its place. We take q_seg,
the grain that every embedding model has, as a single row: repeating it six times would give the same attention.
Earlier queries are not read then, for reading them is a grain.
"""

import tensorflow as tf

from trainer.models.layers.layer import Layer, State, Tensor
from trainer.models.layers.tables import Tables


class WordGrain(Layer):
    """Query words -> [B, 1, d]."""

    def __init__(self, tables: Tables) -> None:
        super().__init__("word_grain")
        self.tables = tables

    def encode_user(self, history_words: Tensor) -> State:
        """Nothing of the user is read."""
        return {}

    def __call__(self, unigrams: Tensor, bigrams: Tensor, words: Tensor, state: State) -> Tensor:
        """[B, U], [B, G] (both unread), [B, W] ids -> [B, 1, d]"""
        return self.tables.mean_word(words)[:, tf.newaxis, :]
