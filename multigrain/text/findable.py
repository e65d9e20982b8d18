"""The words by which a title can be found. A title and a query pass here alike, so that they can meet.

Segmentation may cut 手机壳 as 手机/壳 in one text and leave it whole in the other: the character bigrams of both are
there in any case. In the same way a model number or a size is there whole and in parts.
"""

import re

from multigrain.text.analyzer import words_of
from multigrain.text.cjk import bigrams
from multigrain.text.folding import normalize
from multigrain.text.latin import without_apostrophes
from multigrain.text.scripts import IS_CJK, RUNS

# Letters and numbers that stand together: iphone15 is also iphone and 15, 30x40cm also 30 and 40.
_INSIDE = re.compile(r"[a-z]{2,}|\d{2,}")


def findable(text: str) -> tuple[str, ...]:
    """Each word once: CJK bigrams and plain words as they stand, then what the analyzer joins, then their insides."""
    words: list[str] = []
    for run in RUNS.findall(normalize(text)):
        if IS_CJK.match(run):
            words += bigrams(run) or [run]
        elif run == (whole := without_apostrophes(run)):
            words.append(run)
        else:
            # "men's" is to be found by mens and by men.
            words += [whole, *run.replace("’", "'").split("'")]
    # A single character that a segmenter left over would match half the catalogue.
    words += [word for word in words_of(text) if len(word) > 1]
    once = dict.fromkeys(words)
    insides = [inside for word in once if _is_mixed(word) for inside in _INSIDE.findall(word)]
    return tuple(dict.fromkeys((*once, *insides)) if insides else once)


def _is_mixed(word: str) -> bool:
    """Whether it has insides: a word of letters alone, or of digits alone, is its own."""
    return word.isascii() and word.isalnum() and not word.isalpha() and not word.isdecimal()
