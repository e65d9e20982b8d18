"""Key terms that are typing errors: 'addidas', which no title knows, and whose clicks go to adidas.

Looked at are only the names of the values that people clicked, so a word is never mended into one that nobody meant.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from multigrain.key_terms import KeyTerm, TermSource
from multigrain.text.terms import terms_of
from multigrain.types import Int64s, Item
from trainer.data.key_terms.clicked import Clicked
from trainer.data.key_terms.facts import NONE, Fact, Facts
from trainer.data.key_terms.meanings import Meaning, Meanings, adds_something, terms_for
from trainer.data.key_terms.runs import Words
from trainer.data.key_terms.shares import favourites, surely
from trainer.data.key_terms.typing_errors import typing_errors

CLICKS_MIN = 8
"""Less than of other mined terms: that the word is nearly a name of the value is evidence, too."""
PEOPLE_MIN = 3
SURE = 0.6
"""The lower bound of the share of clicks on items of the value. Misspelt searches find worse, so people click astray
more often."""
UNITS_MAX = 4
LETTERS_MIN, LETTERS_FOR_TWO = 4, 8
"""Of the name: shorter ones are nearly every other short word; from the second on two errors are forgiven."""
CONFIDENCE = 0.5


def misspelling_terms(items: Sequence[Item], facts: Facts, clicked: Clicked, known: Meanings) -> list[KeyTerm]:
    words, word, query = _unknown_runs(items, clicked, known)
    spellings = _spellings(known)
    found = dict(known)
    terms: list[KeyTerm] = []
    for number, meaning in _clicked_values(facts, clicked, word, query, len(words)):
        typed = words[number]
        names = spellings.get(meaning, ())
        if any(_is_slip(" ".join(typed), name) for name in names) and adds_something(typed, meaning, found, facts):
            found[typed] = (meaning,)
            terms += terms_for(typed, meaning, CONFIDENCE, TermSource.MISSPELLING)
    return terms


def _unknown_runs(items: Sequence[Item], clicked: Clicked, known: Meanings) -> tuple[list[Words], Int64s, Int64s]:
    """What people typed with a Latin word that no title and no name has: the runs, and pairs (run, query)."""
    spelt = {unit for item in items for unit in terms_of(item.title)}.union(*known)
    numbers: dict[Words, int] = {}
    pairs: dict[tuple[int, int], None] = {}
    for row, text in enumerate(clicked.queries):
        units = terms_of(text)
        for start in range(len(units)):
            for end in range(start + 1, min(start + UNITS_MAX, len(units)) + 1):
                run = units[start:end]
                if _is_latin(run) and not spelt.issuperset(run):
                    pairs[(numbers.setdefault(run, len(numbers)), row)] = None
    columns = np.array(list(pairs), np.int64).reshape(-1, 2)
    return list(numbers), columns[:, 0], columns[:, 1]


def _is_latin(run: Iterable[str]) -> bool:
    return all(unit.isascii() and unit.isalpha() for unit in run)


def _clicked_values(
    facts: Facts, clicked: Clicked, word: Int64s, query: Int64s, count: int
) -> Iterator[tuple[int, Meaning]]:
    """For each run the values that most of its clicks go to, of any kind."""
    people = np.bincount(word, clicked.people[query], minlength=count)
    rows, places = clicked.rows_of(query)
    for fact in (*facts.columns, *facts.names):
        best = favourites(word[places], fact.codes[clicked.item[rows]], clicked.clicks[rows], count=count)
        good = (best.codes != NONE) & (best.totals >= CLICKS_MIN) & (people >= PEOPLE_MIN)
        good &= surely(best.hits, best.totals) >= SURE
        for number in np.flatnonzero(good).tolist():
            yield number, _meaning(fact, int(best.codes[number]))


def _meaning(fact: Fact, code: int) -> Meaning:
    return Meaning(fact.kind, fact.name, frozenset(fact.values[code]))


def _spellings(known: Meanings) -> dict[Meaning, list[str]]:
    """The Latin names of each meaning that are long enough to be recognised."""
    found: dict[Meaning, list[str]] = defaultdict(list)
    for words, meanings in known.items():
        if _is_latin(words) and sum(map(len, words)) >= LETTERS_MIN:
            for meaning in meanings:
                found[meaning].append(" ".join(words))
    return found


def _is_slip(typed: str, name: str) -> bool:
    at_most = 2 if len(name) >= LETTERS_FOR_TWO else 1
    return typing_errors(typed, name, at_most=at_most) <= at_most
