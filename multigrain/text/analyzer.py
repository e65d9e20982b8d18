"""Text -> grains: unigrams, bigrams and words, the same for a query and a title.

Never raises, whatever the text; knows no vocabulary.
"""

import re
from dataclasses import dataclass

from multigrain.text import cjk, latin
from multigrain.text.folding import TEXT_CHARACTERS_MAX, normalize
from multigrain.text.measures import MEASURE, measure
from multigrain.text.scripts import CJK, HAN_ALONE, SIMPLE_WORD, WORD
from multigrain.text.segmenter import segment

NAME = "grains-2"
"""Stands in every bundle's manifest. Change it whenever the same text gives other grains."""

GRAINS_MAX = 2 * TEXT_CHARACTERS_MAX
"""Of each kind, at most this many: a character starts one grain, and the shortest texts that grow ('.5"' -> 0.5in) grow
by less than twice."""

# The commonest piece first, without a name, and a guard before the costliest: finding pieces takes most of the time.
_PIECES = re.compile(
    rf"{SIMPLE_WORD}|(?P<han>{HAN_ALONE})|(?P<measure>(?=[\d.])(?:{MEASURE}))|(?P<chain>{latin.HYPHENATED})"
    rf"|(?P<cjk>[{CJK}]+)|(?P<word>{WORD})"
)


@dataclass(frozen=True, slots=True)
class Grains:
    """The grains of one text, in reading order."""

    unigrams: tuple[str, ...]
    bigrams: tuple[str, ...]
    words: tuple[str, ...]


def analyze(text: str) -> Grains:
    """Grains of `text`; all three are empty when it holds no letter and no digit."""
    unigrams: list[str] = []
    bigrams: list[str] = []
    words: list[str] = []
    before = ""  # the Latin word just before, "" where there is none
    for piece in _PIECES.finditer(normalize(text)):
        kind, found = piece.lastgroup, piece.group()
        if kind in {"han", "cjk"}:
            characters = cjk.unigrams(found)
            unigrams += characters
            bigrams += cjk.bigrams(characters)
            words += segment(found) if kind == "han" else cjk.words(found)
            before = ""
            continue
        for word in _latin_words(kind, found) if kind else (found,):
            unigrams += latin.unigrams(word)
            if before:
                bigrams.append(f"{before} {word}")
            words.append(word)
            before = word
    return Grains(tuple(unigrams), tuple(bigrams), tuple(words))


def words_of(text: str) -> tuple[str, ...]:
    """`analyze(text).words` in half the time: titles are read by their words alone, and there are millions of them."""
    words: list[str] = []
    for piece in _PIECES.finditer(normalize(text)):
        kind, found = piece.lastgroup, piece.group()
        match kind:
            case None:
                words.append(found)
            case "han":
                words += segment(found)
            case "cjk":
                words += cjk.words(found)
            case _:
                words += _latin_words(kind, found)
    return tuple(words)


def _latin_words(kind: str, piece: str) -> list[str]:
    match kind:
        case "measure":
            return [measure(piece)]
        case "chain":
            return latin.hyphenated(piece)
        case _:
            return [latin.without_apostrophes(piece)]
