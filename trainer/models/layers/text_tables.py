"""One vector for each word and each character grain, and how long each begins: the rarer, the longer.

With random vectors and nothing learnt a sum of them is already a lexical engine: texts that share words lie near each
other, the more the rarer the words are. Vectors begin at the length that inverse document frequency would give: a
vocabulary is in order of frequency, which falls with the rank (Zipf), so log rank stands for it. What a word counts is
learnt as the length of its vector.
"""

import numpy as np

from multigrain.features.inputs import Vocabularies
from multigrain.text.vocabulary import Vocabulary
from multigrain.types import Float32s
from trainer.models.layers.layer import Embedding, Layer

GRAIN_SHARE = 0.5
"""Length of a character grain beside a word's, at the start: a word has half a dozen grains."""


class TextTables(Layer):
    """Both tables."""

    def __init__(self, vocabularies: Vocabularies, dims: int, rng: np.random.Generator) -> None:
        super().__init__("text_tables")
        self.word = _table(vocabularies.word, dims, rng, "word", length=1.0)
        self.unigram = _table(vocabularies.unigram, dims, rng, "unigram", length=GRAIN_SHARE)


def _table(vocabulary: Vocabulary, dims: int, rng: np.random.Generator, name: str, *, length: float) -> Embedding:
    table = Embedding(vocabulary.size, dims, rng, name)
    lengths = length * _rarity(vocabulary)
    table.table.assign(rng.normal(0, 1 / np.sqrt(dims), (vocabulary.size, dims)).astype(np.float32) * lengths[:, None])
    return table


def _rarity(vocabulary: Vocabulary) -> Float32s:
    """log rank, 1 for the rarest; what the vocabulary does not know is as rare as that. [size]"""
    ranks = np.minimum(np.arange(vocabulary.size), len(vocabulary.tokens) + 1)
    rarity: Float32s = (np.log1p(ranks) / np.log1p(max(1, len(vocabulary.tokens)))).astype(np.float32)
    return rarity
