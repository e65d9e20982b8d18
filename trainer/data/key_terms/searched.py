"""Key terms from searches: 'ps5' means consoles, because nearly all who search for it click one.

Read are only queries in which nothing is understood yet. Of any other the clicks go where its known words point, and
what stands beside them would be thought to mean the same.
"""

from collections.abc import Iterator

import numpy as np

from multigrain.key_terms import KeyTerm, TermKind, TermSource
from multigrain.types import Int64s
from trainer.data.key_terms.clicked import Clicked
from trainer.data.key_terms.facts import NONE, Fact, Facts
from trainer.data.key_terms.meanings import Meaning, Meanings, adds_something, terms_for
from trainer.data.key_terms.reading import read_queries
from trainer.data.key_terms.runs import Runs, Words, find_runs
from trainer.data.key_terms.shares import favourites, surely

CLICKS_MIN = 20
"""Of the queries that hold the words."""
PEOPLE_MIN = 5
"""Who made them: what one person means by a word is nobody else's."""
SURE = 0.8
"""The lower bound of the share of clicks in the category. People click astray now and then, titles do not lie as often:
it asks for less than that of titles."""
COMMON_MAX = 0.3
"""Share of all clicks that go to the category: to a commoner one they go whatever is searched for."""
WIDER_FROM = 1.03
"""So many times the clicks, and a wider category is meant: many who type 'shirts' click T-shirts, and some do not."""
CONFIDENCE = 0.5
"""Before clicks: what was learnt from clicks is as sure as they make it."""


def search_terms(facts: Facts, clicked: Clicked, known: Meanings) -> list[KeyTerm]:
    """Terms for categories, of words that nothing in `known` says."""
    understood = np.zeros(len(clicked.queries), bool)
    understood[read_queries(clicked.queries, known).query] = True
    weights = np.where(understood, 0, clicked.clicks_of_query)
    runs = find_runs(clicked.queries, weights, at_least=CLICKS_MIN)
    found = dict(known)
    terms: list[KeyTerm] = []
    for words, meaning in _categories_of(runs, facts, clicked, weights):
        if adds_something(words, meaning, found, facts):
            found[words] = (meaning,)
            terms += terms_for(words, meaning, CONFIDENCE, TermSource.CLICKS)
    return terms


def _categories_of(runs: Runs, facts: Facts, clicked: Clicked, weights: Int64s) -> Iterator[tuple[Words, Meaning]]:
    """The narrowest category of each run that nearly all its clicks are in; shorter runs first."""
    unread = weights[runs.texts] > 0
    run, query = runs.runs[unread], runs.texts[unread]
    count = len(runs.words)
    enough = np.bincount(run, clicked.people[query], minlength=count) >= PEOPLE_MIN
    rows, places = clicked.rows_of(query)
    meant: dict[int, Meaning] = {}
    clicks_inside = np.zeros(count, np.int64)
    for fact in _from_narrow_to_wide(facts):
        best = favourites(run[places], fact.codes[clicked.item[rows]], clicked.clicks[rows], count=count)
        everywhere = np.bincount(fact.codes[clicked.item] + 1, clicked.clicks, minlength=len(fact.values) + 1)
        good = (best.codes != NONE) & enough & (surely(best.hits, best.totals) >= SURE)
        good &= everywhere[best.codes + 1] <= COMMON_MAX * clicked.clicks.sum()
        good &= best.hits > WIDER_FROM * clicks_inside
        for number in np.flatnonzero(good).tolist():
            meant[number] = Meaning(TermKind.CATEGORY, "", frozenset(fact.values[best.codes[number]]))
        clicks_inside[good] = best.hits[good]
    for number in sorted(meant, key=lambda number: (len(runs.words[number]), number)):
        yield runs.words[number], meant[number]


def _from_narrow_to_wide(facts: Facts) -> list[Fact]:
    """Of one level a single path comes before all paths of its name."""
    categories = [fact for fact in (*facts.columns, *facts.names) if fact.kind is TermKind.CATEGORY]
    return sorted(categories, key=lambda fact: -fact.level)
