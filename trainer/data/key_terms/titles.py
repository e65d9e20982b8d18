"""Key terms from titles: 红色 is red, because nearly all titles that hold it are of red items.

How the shop's own words are found where the catalogue gives a value in one language and titles speak another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from multigrain.key_terms import KeyTerm, TermKind, TermSource
from multigrain.types import Bools, Int64s
from trainer.data.key_terms.facts import NONE, Codes, Fact, Facts
from trainer.data.key_terms.meanings import Meaning, Meanings, adds_something, terms_for
from trainer.data.key_terms.runs import Runs, Words
from trainer.data.key_terms.shares import Float64s, favourites, surely
from trainer.data.key_terms.title_runs import TitleRuns

SURE = 0.9
"""The lower bound of the share of its titles that are of the value: 25 of 25, 60 of 62, 380 of 410."""
COMMON_MAX = 0.3
"""Share of the catalogue that has the value: of a commoner one, other words are said nearly as often."""
TYPICAL_MIN = 0.05
"""Share of the value's titles that hold the run. Below it the run is a detail that happens to be said of nothing else:
of a shop's thirty wide-toed shoes all may be red, and nobody who types 'wide toe' asks for red.
"""
ALONE_MIN = 0.2
"""Share of the run's titles that say the value in no better way: else it stands beside the name, and is none."""

CONFIDENCES = {TermKind.BRAND: 0.8, TermKind.CATEGORY: 0.8, TermKind.ATTRIBUTE: 0.75}
"""Until clicks say otherwise. Below those of names: sellers agree on these words, but nobody has declared them."""

_KINDS = tuple(TermKind)


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What each run means, if anything; all [runs]."""

    facts: tuple[Fact, ...]
    fact: Codes
    """NONE: nothing."""
    code: Codes

    def meaning(self, run: int) -> Meaning | None:
        if self.fact[run] == NONE:
            return None
        fact = self.facts[self.fact[run]]
        return Meaning(fact.kind, fact.name, frozenset(fact.values[self.code[run]]))


def title_terms(titles: TitleRuns, facts: Facts, known: Meanings) -> list[KeyTerm]:
    """Terms whose words are nobody's name in `known`."""
    runs = titles.runs
    said = _what_runs_say(runs, facts, titles.weights, known)
    found: dict[Words, tuple[Meaning, ...]] = dict(known)
    terms: list[KeyTerm] = []
    for run, meaning in _meaningful(said, runs.words):
        words = runs.words[run]
        if not adds_something(words, meaning, found, facts):
            continue
        found[words] = (meaning,)
        terms += terms_for(words, meaning, CONFIDENCES[meaning.kind], TermSource.TITLES)
    return terms


def _what_runs_say(runs: Runs, facts: Facts, weights: Int64s, known: Meanings) -> Said:
    """Of the values that a run nearly always goes with, the one that it is most nearly the name of.

    Silk is a fabric, and all silk may be women's: the run goes with both. But where women's is said beside it anyway,
    it is no name of that.
    """
    levels = max((fact.level for fact in facts.columns), default=0)
    # The top of a tree is left out, unless there is nothing below it: a word for all of sports demands hardly anything.
    # The narrowest comes first: of a shelf with one category on it the category is meant.
    columns = sorted((*facts.columns, *facts.names), key=lambda fact: (_KINDS.index(fact.kind), fact.name, -fact.level))
    columns = [fact for fact in columns if fact.level != 1 or levels == 1]
    count = len(runs.words)
    said = Said(tuple(columns), np.full(count, NONE, np.int32), np.full(count, NONE, np.int32))
    likeness: Float64s = np.zeros(count)
    for _, same_kind in groupby(enumerate(columns), key=lambda column: (column[1].kind, column[1].name)):
        # Of categories only the nearest is looked at: if its name stands beside, that of the shelf above says less.
        nearest, alone = np.zeros(count), np.zeros(count, bool)
        fact_of, code_of = said.fact.copy(), said.code.copy()
        for number, fact in same_kind:
            codes, alike = _goes_with(runs, fact, weights)
            nearer = alike > nearest
            alone[nearer] = _is_said_alone(runs, fact, codes, alike, known)[nearer]
            nearest[nearer], fact_of[nearer], code_of[nearer] = alike[nearer], number, codes[nearer]
        better = alone & (nearest > likeness)
        said.fact[better], said.code[better], likeness[better] = fact_of[better], code_of[better], nearest[better]
    return said


def _goes_with(runs: Runs, fact: Fact, weights: Int64s) -> tuple[Codes, Float64s]:
    """The value that each run nearly always goes with, and how near it is to being said of all items of the value and
    of no others (Jaccard); 0: of no value.
    """
    best = favourites(runs.runs, fact.codes[runs.texts], weights[runs.texts], count=len(runs.words))
    sizes = np.bincount(np.maximum(fact.codes, 0), weights * (fact.codes != NONE), minlength=1)[best.codes]
    good = (
        (best.codes != NONE)
        & (surely(best.hits, best.totals) >= SURE)
        & (sizes <= COMMON_MAX * weights.sum())
        & (best.hits >= TYPICAL_MIN * sizes)
    )
    return best.codes, np.where(good, best.hits / np.maximum(best.totals + sizes - best.hits, 1), 0.0)


def _is_said_alone(runs: Runs, fact: Fact, codes: Codes, alike: Float64s, known: Meanings) -> Bools:
    """[runs]: whether many of the run's titles say the value in no better way, such as its name."""
    said = np.zeros(len(fact.codes), bool)
    alone = np.zeros(len(runs.words), bool)
    names = {run for run in np.flatnonzero(alike).tolist() if _names(runs.words[run], fact, codes[run], known)}
    # Names first, then what is nearest to being one; of equal ones the longest, for its parts say nothing alone.
    for run in sorted(np.flatnonzero(alike).tolist(), key=lambda run: (run not in names, -alike[run], -run)):
        titles = runs.texts_of(run)
        alone[run] = np.count_nonzero(~said[titles]) >= ALONE_MIN * len(titles)
        if alone[run]:
            said[titles] = True
    return alone


def _names(words: Words, fact: Fact, code: int, known: Meanings) -> bool:
    return any(
        (meaning.kind, meaning.name) == (fact.kind, fact.name) and not meaning.values.isdisjoint(fact.values[code])
        for meaning in known.get(words, ())
    )


def _meaningful(said: Said, words: Sequence[Words]) -> Iterator[tuple[int, Meaning]]:
    """Shorter runs first."""
    there = np.flatnonzero(said.fact != NONE).tolist()
    for run in sorted(there, key=lambda run: (len(words[run]), run)):
        meaning = said.meaning(run)
        if meaning is not None:
            yield run, meaning
