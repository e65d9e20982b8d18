"""The words of the texts at hand as numbers, with all that is known of each: the lexicon's, and those it never saw.

What is told of a word does not depend on which other texts are at hand: scores must not.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from multigrain.types import Bools, Float32s, Int64s
from trainer.teacher.lexicon import Lexicon, unit
from trainer.teacher.spellings import Alike, find_alike
from trainer.teacher.texts import Words
from trainer.teacher.words import number_and_unit, stem

NOTHING = 0
"""The number of no word: what fills up short texts."""


@dataclass(frozen=True, kw_only=True)
class Wordbook:
    """Columns are by word number; the first row is of NOTHING."""

    numbers: Mapping[str, int]
    stems: Int64s
    """Equal where the stems are; 0 for NOTHING."""
    figures: Int64s
    """Equal where the numbers are that words begin with; 0: no number."""
    units: Int64s
    """Equal where the units behind the numbers are; 0: no number."""
    known: Bools
    """Whether the lexicon has it."""
    idf: Float32s
    leads: Float32s
    heads: Float32s
    in_titles: Float32s
    """[words, dims]: zeros for a word that the lexicon does not have."""
    in_queries: Float32s
    """[words, dims]: of a word that the lexicon does not have, the mean of those that are written like it: who shops
    mistypes, who sells names things that nobody else does.
    """
    alike: Alike
    """Words of queries, by their rows in `asked`, and words of titles, by their numbers."""
    asked: Int64s
    """[words]: the row of a query's word in `alike`; 0 for words of no query."""

    def rows(self, texts: Sequence[Words], width: int) -> Int64s:
        """[texts, width]: numbers of the words, cut or filled up with NOTHING."""
        table = np.zeros((len(texts), width), np.int64)
        for row, words in enumerate(texts):
            cut = words[:width]
            table[row, : len(cut)] = [self.numbers[word] for word in cut]
        return table

    def joined_rows(self, texts: Sequence[Words], width: int) -> Int64s:
        """[texts, width]: numbers of each word put together with the next one, where that is a word: dish washer."""
        return self.rows([tuple(self._together(text)) for text in texts], width)

    def _together(self, text: Words) -> Iterator[str]:
        for one, next_one in pairwise(text):
            yield one + next_one if one + next_one in self.numbers else ""


def make_wordbook(lexicon: Lexicon, queries: Iterable[Words], items: Iterable[Words]) -> Wordbook:
    """Of all words of these texts."""
    of_queries = tuple(dict.fromkeys(word for text in queries for word in text))
    of_items = tuple(dict.fromkeys(word for text in items for word in text))
    words = ("", *dict.fromkeys((*of_items, *of_queries)))
    numbers = {word: number for number, word in enumerate(words)}
    rows = np.array([lexicon.rows.get(word, -1) for word in words], np.int64)
    known = rows >= 0
    split = [number_and_unit(word) for word in words]
    asked = np.zeros(len(words), np.int64)
    asked[[numbers[word] for word in of_queries]] = np.arange(1, len(of_queries) + 1)
    idf = np.where(known, _column(lexicon.idf, rows), lexicon.rarest).astype(np.float32)
    idf[NOTHING] = 0
    in_titles = _column(lexicon.vectors, rows)
    in_queries = in_titles.copy()
    strange = [word for word in of_queries if word not in lexicon.rows]
    in_queries[[numbers[word] for word in strange]] = _guessed(lexicon, strange)
    return Wordbook(
        numbers=numbers,
        stems=_codes([stem(word) for word in words]),
        figures=_codes([number for number, _ in split]),
        units=_codes([f"{name}." if number else "" for number, name in split]),
        known=known,
        idf=idf,
        leads=_column(lexicon.leads, rows),
        heads=_column(lexicon.heads, rows),
        in_titles=in_titles,
        in_queries=in_queries,
        # Row 0 and number 0 are of no word, which shares nothing with any.
        alike=find_alike(("", *of_queries), ("", *of_items)),
        asked=asked,
    )


def _column(values: Float32s, rows: Int64s) -> Float32s:
    """Zeros where the row is -1."""
    column = np.zeros((len(rows), *values.shape[1:]), np.float32)
    column[rows >= 0] = values[rows[rows >= 0]]
    return column


def _codes(texts: Sequence[str]) -> Int64s:
    """Equal numbers for equal texts, 0 for the empty one."""
    codes = {"": 0}
    return np.array([codes.setdefault(text, len(codes)) for text in texts], np.int64)


def _guessed(lexicon: Lexicon, words: Sequence[str]) -> Float32s:
    alike = find_alike(words, lexicon.words)
    word, other = np.divmod(alike.keys, max(alike.others, 1))
    total = np.zeros((len(words), lexicon.vectors.shape[1]), np.float32)
    # The nearest spelling has most to say.
    np.add.at(total, word, lexicon.vectors[other] * alike.both[:, None] ** 4)
    return unit(total)
