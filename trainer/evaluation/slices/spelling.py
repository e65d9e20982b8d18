"""Whether the titles of the catalogue know the query's words: a word that none has, but one edit away has, is probably
a typo.

Latin words only, of four letters and more: shorter ones are one edit from too many others.
"""

from collections.abc import Iterator, Sequence

from multigrain.text.analyzer import words_of
from trainer.evaluation.slices.dimension import Dimension
from trainer.evaluation.trial import Trial

SHORTEST = 4


def _labels(trial: Trial) -> Sequence[str]:
    known = {word for item in trial.items for word in words_of(item.title)}
    known |= {word for item in trial.items for word in words_of(item.brand)}
    near = {stump for word in known if _spelled(word) for stump in (word, *_stumps(word))}
    return [_label([word for word in example.grains.words if word not in known], near) for example in trial.examples]


def _label(unknown: Sequence[str], near: set[str]) -> str:
    if not unknown:
        return "words of titles"
    mistyped = any(_spelled(word) and not near.isdisjoint((word, *_stumps(word))) for word in unknown)
    return "probably a typo" if mistyped else "a word of no title"


def _spelled(word: str) -> bool:
    return len(word) >= SHORTEST and word.isascii() and word.isalpha()


def _stumps(word: str) -> Iterator[str]:
    """The word less one letter, each in turn: words with a stump in common are at most two edits apart, and mostly one
    letter is swapped, missing or too many."""
    return (word[:place] + word[place + 1 :] for place in range(len(word)))


SPELLING = Dimension("spelling", _labels)
