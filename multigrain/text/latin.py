"""Grains of words written with spaces between them. The paper speaks of Chinese characters only; for other scripts we
take character trigrams where it takes characters, and word bigrams where it takes character bigrams [inferred].
"""

from multigrain.text.folding import TEXT_CHARACTERS_MAX
from multigrain.text.scripts import WORD_ENDS

SIZE = 3
"""Trigrams survive one typing error in most words, and are few enough for a small vocabulary."""

# One for each start in the longest word that can be: made anew for every word they would cost half as much again.
_WINDOWS = [slice(start, start + SIZE) for start in range(2 * TEXT_CHARACTERS_MAX)]

HYPHENATED = rf"[a-z0-9]+(?:-[a-z0-9]+)+{WORD_ENDS}"
"""wh-1000xm5, running-shoes, 2-in-1."""

MODEL_LETTERS_MAX = 4
"""The part of a model number that is letters only is short: wh, rtx, sm. 'iphone-15' is two words."""


def unigrams(word: str) -> list[str]:
    """Character trigrams with marks at both ends: 'red' -> '^re', 'red', 'ed$'."""
    marked = f"^{word}$"
    return list(map(marked.__getitem__, _WINDOWS[: len(word)]))


def without_apostrophes(word: str) -> str:
    """levi's -> levis, l'oreal -> loreal: as most shoppers type them."""
    return word.replace("'", "").replace("’", "")


def hyphenated(chain: str) -> list[str]:
    """The words of a chain: a model number is one (wh1000xm5, as it is also written), any other as many as parts."""
    parts = chain.split("-")
    return ["".join(parts)] if _is_model(parts) else parts


def _is_model(parts: list[str]) -> bool:
    """Letters and digits mixed in one part (sm-g991u), or short letters and then a number (rtx-4090)."""
    if any(part.isalpha() and len(part) > MODEL_LETTERS_MAX for part in parts):
        return False
    mixed = any(not part.isalpha() and not part.isdigit() for part in parts)
    return mixed or (parts[0].isalpha() and any(part.isdigit() for part in parts))
