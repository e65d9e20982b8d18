"""How the known words are spelt: the character grains of each, as ids.

An item tower is given the words of a title and not its characters. A word that the vocabulary knows can be spelt; one
that it does not know came in through a bucket, and nobody can tell what it was.
"""

import numpy as np
import tensorflow as tf

from multigrain.features.inputs import Vocabularies
from multigrain.text.analyzer import analyze
from trainer.models.layers.layer import Layer, Tensor

GRAINS_MAX = 16
"""Of one word; a longer word is known by its beginning."""


class Spelling(Layer):
    """Ids of words -> ids of their unigrams. No weights: it is told wholly by the vocabularies."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        super().__init__("spelling")
        words = vocabularies.word
        table = np.zeros((words.size, GRAINS_MAX), np.int32)
        for number, token in enumerate(words.tokens, start=1):
            table[number] = vocabularies.unigram.ids(analyze(token).unigrams, GRAINS_MAX)
        self._table = table

    def __call__(self, words: Tensor) -> Tensor:
        """[n] -> [n, 16]; 0 is no grain."""
        return tf.gather(tf.constant(self._table), words)
