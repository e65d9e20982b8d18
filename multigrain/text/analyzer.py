"""Text -> grains: unigrams, bigrams and words, the same for a query and a title.

Never raises, whatever the text; knows no vocabulary.
"""

import unicodedata
from dataclasses import dataclass

from multigrain.text import cjk, latin
from multigrain.text.scripts import IS_CJK, RUNS

NAME = "grains-1"
"""Stands in every bundle's manifest. Change it whenever the same text gives other grains."""

TEXT_CHARACTERS_MAX = 2048
"""Longer text is cut: a hostile title must not cost seconds."""


@dataclass(frozen=True, slots=True)
class Grains:
    """The grains of one text, in reading order."""

    unigrams: tuple[str, ...]
    bigrams: tuple[str, ...]
    words: tuple[str, ...]


def normalize(text: str) -> str:
    """NFKC (full width becomes half width), case folded, cut. Normalising twice changes nothing."""
    folded = text[:TEXT_CHARACTERS_MAX]
    # Case folding can undo NFKC and the other way round; two rounds are stable for every character.
    for _ in range(2):
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded).casefold())
    return folded[:TEXT_CHARACTERS_MAX]


def analyze(text: str) -> Grains:
    """Grains of `text`; all three are empty when it holds no letter and no digit."""
    unigrams: list[str] = []
    bigrams: list[str] = []
    words: list[str] = []
    latin_words: list[str] = []
    for run in RUNS.findall(normalize(text)):
        if IS_CJK.match(run):
            unigrams += cjk.unigrams(run)
            bigrams += cjk.bigrams(run)
            words += cjk.words(run)
        else:
            unigrams += latin.unigrams(run)
            words.append(run)
            latin_words.append(run)
    bigrams += latin.bigrams(latin_words)
    return Grains(tuple(unigrams), tuple(bigrams), tuple(words))
