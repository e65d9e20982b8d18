"""Texts -> the short runs of words that they hold, as numbers.

A Chinese word is what the segmenter cuts, so 步鞋 out of 跑步鞋 is no run. Runs are spelt in the units that key terms
are matched on, so one is found in a query whatever the segmenter makes of the query.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from multigrain.text.scripts import HAN, IS_CJK
from multigrain.text.segmenter import segment
from multigrain.text.terms import BREAK, terms_of
from multigrain.types import Int64s

WORDS_MAX = 3
"""In a run."""

Words = tuple[str, ...]
"""As `multigrain.text.terms` cuts them."""

_ALL_HAN = re.compile(rf"[{HAN}]+")
_BORDER = -1
"""Instead of a word's or a run's number: here is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Which text holds which run; each pair once."""

    words: tuple[Words, ...]
    """By number; shorter runs come first."""
    parts: tuple[tuple[int, ...], ...]
    """By number: the runs without its last word and without its first. Of one word: none."""
    runs: Int64s
    """Ascending."""
    texts: Int64s

    def texts_of(self, run: int) -> Int64s:
        start, end = np.searchsorted(self.runs, (run, run + 1))
        return self.texts[start:end]


def find_runs(texts: Sequence[str], weights: Int64s, *, at_least: int) -> Runs:
    """The runs of up to WORDS_MAX words whose texts weigh `at_least` together."""
    keys, owners, vocabulary = _tokens(texts)
    words: list[Words] = []
    lasts: list[Words] = []
    parts: list[tuple[int, ...]] = []
    pairs_run, pairs_text = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    before = 0
    for length in range(1, WORDS_MAX + 1):
        distinct, inverse = np.unique(keys, return_inverse=True)
        run, text = np.divmod(np.unique(inverse * max(len(texts), 1) + owners), max(len(texts), 1))
        heavy = (np.bincount(run, weights[text], minlength=len(distinct)) >= at_least) & (distinct != _BORDER)
        numbers = np.where(heavy, len(words) + np.cumsum(heavy) - 1, _BORDER)
        for key in distinct[heavy].tolist():
            if length == 1:
                words.append(vocabulary[key])
                lasts.append(vocabulary[key])
                parts.append(())
            else:
                head, tail = divmod(key, before)
                words.append(words[head] + lasts[tail])
                lasts.append(lasts[tail])
                parts.append((head, tail))
        kept = heavy[run]
        pairs_run.append(numbers[run[kept]])
        pairs_text.append(text[kept])
        # Both ends of a run of one word more are runs themselves, or it is too rare as well.
        here = numbers[inverse]
        following = np.append(here[1:], _BORDER)[: len(here)]
        before = len(words)
        keys = np.where((here != _BORDER) & (following != _BORDER), here * before + following, _BORDER)
    return Runs(tuple(words), tuple(parts), np.concatenate(pairs_run), np.concatenate(pairs_text))


def cut(text: str) -> Iterator[Words]:
    """The words of a text, each in its units; an empty one where no run may pass."""
    for is_cjk, group in groupby(terms_of(text), key=lambda unit: bool(IS_CJK.match(unit)) or unit == BREAK):
        if not is_cjk:
            yield from ((unit,) for unit in group)
            continue
        for place, run in enumerate("".join(group).split(BREAK)):
            if place:
                yield ()
            yield from (tuple(word) for word in (segment(run) if _ALL_HAN.fullmatch(run) else [run]))


def _tokens(texts: Sequence[str]) -> tuple[Int64s, Int64s, list[Words]]:
    """The words of all texts as numbers, a border behind each text; whose they are; what they are."""
    numbers: dict[Words, int] = {}
    tokens: list[int] = []
    lengths = np.zeros(len(texts), np.int64)
    for row, text in enumerate(texts):
        before = len(tokens)
        tokens += [numbers.setdefault(word, len(numbers)) if word else _BORDER for word in cut(text)]
        tokens.append(_BORDER)
        lengths[row] = len(tokens) - before
    return np.array(tokens, np.int64), np.repeat(np.arange(len(texts)), lengths), list(numbers)
