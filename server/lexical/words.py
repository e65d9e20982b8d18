"""Words as 64-bit keys. A key is the same in every process, so that one may read what another wrote."""

import hashlib
import time
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from multigrain.text.findable import findable
from server.lexical.segment import Keys

QUERY_WORDS_MAX = 48
"""Words of a query that are looked up; the time grows with each."""

POLITE = 4
"""Titles cut without giving Python's lock to who waits for it: some 400 microseconds."""

REMEMBERED = 1 << 16
"""Keys that are not computed again: the words that most titles are made of."""


@lru_cache(REMEMBERED)
def key_of(word: str) -> int:
    """Two of ten million words share a key about once in 400,000 catalogues; a title would then be found by both."""
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def keys_of_titles(titles: Sequence[str]) -> list[list[int]]:
    """By title, each word once: a title that says a word twice is not better for it."""
    keys = []
    for number, title in enumerate(titles):
        if number % POLITE == 0:
            # A search takes Python's lock again some twenty times, and would wait the switch interval of 5 ms for each.
            time.sleep(0)
        keys.append([key_of(word) for word in findable(title)])
    return keys


def keys_of_query(query: str) -> Keys:
    """The same of a query, cut at QUERY_WORDS_MAX."""
    return np.array([key_of(word) for word in findable(query)[:QUERY_WORDS_MAX]], np.uint64)
