"""Names that titles use otherwise: in a shop of phone cases, few titles that say 'apple' are of the brand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from multigrain.key_terms import KeyTerm, TermKind
from trainer.data.key_terms.facts import Facts
from trainer.data.key_terms.title_runs import TITLES_MIN, TitleRuns

CONTESTED_MAX = 0.5
"""Share of the titles with the name that are of the value: below it the name means something else as often."""
CONTESTED_CONFIDENCE = 0.5
"""No rule until clicks make one."""


def with_contested_names(terms: Sequence[KeyTerm], facts: Facts, titles: TitleRuns) -> list[KeyTerm]:
    """The terms in their order. Categories stay: a title need not be of the shelf that it speaks of, a query is."""
    number_of = {words: number for number, words in enumerate(titles.runs.words)}

    def agreed(term: KeyTerm) -> KeyTerm:
        if term.kind is TermKind.CATEGORY or term.words not in number_of:
            return term
        rows = titles.runs.texts_of(number_of[term.words])
        weights = titles.weights[rows]
        having = facts.having(term.kind, term.name, [term.value], rows)
        if weights.sum() >= TITLES_MIN and np.sum(weights * having) < CONTESTED_MAX * weights.sum():
            return replace(term, confidence=min(term.confidence, CONTESTED_CONFIDENCE))
        return term

    return [agreed(term) for term in terms]
