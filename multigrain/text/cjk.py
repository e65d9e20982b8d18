"""Grains of a run of CJK characters: the characters, their bigrams, and words.

Han is segmented by a dictionary. Kana has no dictionary here: its words are overlapping bigrams, the usual stand-in.
Hangul is written with spaces, so a run of it is a word.
"""

import operator
import re
from collections.abc import Sequence

from multigrain.text.scripts import ONE_SCRIPT
from multigrain.text.segmenter import segment


def unigrams(run: str) -> list[str]:
    return list(run)


def bigrams(characters: Sequence[str]) -> list[str]:
    """Each character with the next one; `characters` is a run or what `unigrams` made of it, which is faster."""
    return list(map(operator.add, characters, characters[1:]))


def words(run: str) -> list[str]:
    """Words of a run of any CJK; where it is known to be Han alone, `segment` says the same sooner."""
    return [word for part in ONE_SCRIPT.finditer(run) for word in _words_of(part)]


def _words_of(part: re.Match[str]) -> list[str]:
    match part.lastgroup:
        case "han":
            return segment(part.group())
        case "kana":
            return bigrams(part.group()) or [part.group()]
        case _:
            return [part.group()]
