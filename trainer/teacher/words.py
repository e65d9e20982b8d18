"""What is told of one word by itself: its stem, its pieces, its number and unit; and which word is a phrase's head.

Stems and prepositions are English. Words of other scripts pass unchanged, so nothing is lost there but a shortcut.
"""

import re
from collections.abc import Sequence

from multigrain.text import latin
from multigrain.text.scripts import IS_CJK

_ENDINGS = ("ings", "ing", "ers", "ies", "ed", "er", "es", "s", "y", "e")
"""Longer ones first: of two that fit, the longer is taken."""
_STEM_MIN = 3
_NUMBER = re.compile(r"(\d[\d./x-]*)(.*)")

OPENS_A_DETAIL = frozenset({"in", "with", "for", "by", "of", "to", "from", "on", "at", "and", "w"})
"""From the first of these on a phrase tells of the thing and names it no longer: 'shelf in white', 'bulb for ovens'."""


def stem(word: str) -> str:
    """Paint, paints, painting and painter in one; short words and words with digits stay whole."""
    if not (word.isascii() and word.isalpha()):
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM_MIN:
            return _plain_end(word.removesuffix(ending))
    return word


def _plain_end(word: str) -> str:
    """Of what is left: knif(e) for kniv(es), run for runn(ing)."""
    if word.endswith("v"):
        return word[:-1] + "f"
    return word[:-1] if len(word) > _STEM_MIN and word[-1] == word[-2] else word


def pieces(word: str) -> frozenset[str]:
    """What two spellings of a word still share: its characters in CJK, trigrams with marked ends elsewhere."""
    return frozenset(word) if IS_CJK.match(word) else frozenset(latin.unigrams(word))


def number_and_unit(word: str) -> tuple[str, str]:
    """'16ga' -> '16', 'ga'; both are empty for a word that does not begin with a digit."""
    found = _NUMBER.fullmatch(word)
    return (found[1], found[2]) if found else ("", "")


def head(words: Sequence[str]) -> int:
    """Where the noun stands that says what the thing is: the last word before a detail, model numbers left aside.

    No such word: 0.
    """
    last = 0
    for place, word in enumerate(words):
        if place and word in OPENS_A_DETAIL:
            break
        if not any(character.isdigit() for character in word):
            last = place
    return last
