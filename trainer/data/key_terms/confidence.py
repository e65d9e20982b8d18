"""How sure a demand is: of the clicks of those who say it, the share on items that honour it.

Who types a brand clicks that brand nearly always; who types a colour may well take another one. Only the first should
make a rule, and only clicks can tell them apart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np

from multigrain.key_terms import KeyTerm, TermKind
from multigrain.types import Bools, Int64s
from trainer.data.key_terms.clicked import Clicked
from trainer.data.key_terms.facts import Fact, Facts
from trainer.data.key_terms.reading import read_queries
from trainer.data.key_terms.runs import Words

PRIOR_CLICKS = 20
"""What the confidence before any clicks counts for beside them: with five clicks it is mostly that, with a hundred
hardly."""
DECIMALS = 3


def with_learned_confidence(terms: Sequence[KeyTerm], facts: Facts, clicked: Clicked) -> list[KeyTerm]:
    """The terms in their order. Nobody who said the words clicked anything: the confidence stays as it is.

    Terms of the same words, kind and name are one demand: who types 'shoes' is honoured by those of any shelf.
    """
    mentions = read_queries(clicked.queries, {term.words for term in terms})
    rows, places = clicked.rows_of(mentions.query)
    words, items, clicks = mentions.word[places], clicked.item[rows], clicked.clicks[rows]
    count = len(mentions.words)
    totals = np.bincount(words, clicks, minlength=count)
    number_of = {words: number for number, words in enumerate(mentions.words)}
    hits: dict[tuple[TermKind, str], Int64s] = {}
    for kind, group in groupby(sorted(terms, key=_kind_of), key=_kind_of):
        honoured = _honoured(list(group), facts, number_of, words, items)
        hits[kind] = np.bincount(words, clicks * honoured, minlength=count).astype(np.int64)

    def learned(term: KeyTerm) -> KeyTerm:
        number = number_of[term.words]
        found = hits[_kind_of(term)][number] + PRIOR_CLICKS * term.confidence
        return replace(term, confidence=round(float(found / (totals[number] + PRIOR_CLICKS)), DECIMALS))

    return [learned(term) for term in terms]


def _kind_of(term: KeyTerm) -> tuple[TermKind, str]:
    return term.kind, term.name


def _honoured(
    terms: Sequence[KeyTerm], facts: Facts, number_of: dict[Words, int], words: Int64s, items: Int64s
) -> Bools:
    """[rows]: whether the item has a value that the words ask for, by these terms of one kind."""
    honoured = np.zeros(len(words), bool)
    wanted = {(number_of[term.words], term.value) for term in terms}
    for fact in facts.columns:
        if (fact.kind, fact.name) == _kind_of(terms[0]):
            honoured |= _has_wanted(fact, wanted, words, items)
    return honoured


def _has_wanted(fact: Fact, wanted: Iterable[tuple[int, str]], words: Int64s, items: Int64s) -> Bools:
    width = len(fact.values) + 1
    keys = [number * width + fact.code_of[(value,)] + 1 for number, value in wanted if (value,) in fact.code_of]
    return np.isin(words * width + fact.codes[items] + 1, keys)
