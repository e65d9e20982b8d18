"""Queries as the server will read them: longest match of known words, each word used once."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.text.terms import terms_of
from multigrain.types import Int64s
from trainer.data.key_terms.runs import Words


@dataclass(frozen=True, slots=True, eq=False)
class Mentions:
    """Which query says which known words; each pair once."""

    words: tuple[Words, ...]
    """By number."""
    word: Int64s
    query: Int64s


def read_queries(queries: Sequence[str], known: Collection[Words]) -> Mentions:
    numbers = {words: number for number, words in enumerate(sorted(known))}
    longest = max(map(len, numbers), default=0)
    word: list[int] = []
    query: list[int] = []
    for row, text in enumerate(queries):
        found = {numbers[words] for words in _said(terms_of(text), numbers, longest)}
        word += sorted(found)
        query += [row] * len(found)
    return Mentions(tuple(numbers), np.array(word, np.int64), np.array(query, np.int64))


def _said(units: Words, known: Collection[Words], longest: int) -> Iterator[Words]:
    """Longer ones first, then earlier ones. What guards a mention ('not nike') is for the server to see."""
    used = [False] * len(units)
    for length in range(min(longest, len(units)), 0, -1):
        for start in range(len(units) - length + 1):
            words = units[start : start + length]
            if words in known and not any(used[start : start + length]):
                used[start : start + length] = [True] * length
                yield words
