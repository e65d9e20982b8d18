"""Grains of words written with spaces between them. The paper speaks of Chinese characters only; for other scripts we
take character trigrams where it takes characters, and word bigrams where it takes character bigrams [inferred].
"""

import itertools
from collections.abc import Sequence

SIZE = 3
"""Trigrams survive one typing error in most words, and are few enough for a small vocabulary."""


def unigrams(word: str) -> list[str]:
    """Character trigrams with marks at both ends: 'red' -> '^re', 'red', 'ed$'."""
    marked = f"^{word}$"
    return [marked[i : i + SIZE] for i in range(max(1, len(marked) - SIZE + 1))]


def bigrams(words: Sequence[str]) -> list[str]:
    return [f"{left} {right}" for left, right in itertools.pairwise(words)]
