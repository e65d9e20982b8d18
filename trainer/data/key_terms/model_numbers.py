"""Key terms that are words of titles: 'v4032' is one thing, and who types it clicks titles that hold it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.key_terms import KeyTerm, TermKind, TermSource
from multigrain.text.findable import findable
from multigrain.text.measures import UNITS
from multigrain.text.terms import terms_of
from multigrain.types import Item
from trainer.data.key_terms.clicked import Clicked
from trainer.data.key_terms.meanings import Meanings

CLICKS_MIN = 3
"""A model number is typed by few; what they have in common is looked at as well."""
PRIOR_CLICKS = 5
"""What the honour of all model numbers together counts for beside the clicks of one."""
SURE = 0.8
"""The share of clicks on titles with the word, from which on it makes a term."""
LETTERS_MIN = 3

_SHAPE = re.compile(r"(?=.*[a-z])(?=.*[0-9])[a-z0-9]+")
_NUMBER_AND_UNIT = re.compile(r"[0-9]+([a-z]+)")
_NO_MODELS = frozenset({"k", "d", "x", "p", "s", "st", "nd", "rd", "th", *UNITS})
"""Behind a number: 4k, 3d, 2nd and 500ml are said of many things."""


@dataclass(slots=True)
class _Honour:
    """Clicks of those who typed one model number."""

    clicks: int = 0
    on_titles_with_it: int = 0


def model_number_terms(items: Sequence[Item], clicked: Clicked, known: Meanings) -> list[KeyTerm]:
    """Of model numbers that are nothing else in `known`."""
    honours: dict[str, _Honour] = {}
    words_of: dict[int, frozenset[str]] = {}
    starts = np.searchsorted(clicked.query, np.arange(len(clicked.queries) + 1)).tolist()
    for query, text in enumerate(clicked.queries):
        typed = {unit for unit in terms_of(text) if is_model_number(unit) and (unit,) not in known}
        for row in range(starts[query], starts[query + 1]) if typed else ():
            item, clicks = int(clicked.item[row]), int(clicked.clicks[row])
            if item not in words_of:
                words_of[item] = frozenset(findable(items[item].title))
            for unit in typed:
                honour = honours.setdefault(unit, _Honour())
                honour.clicks += clicks
                honour.on_titles_with_it += clicks * (unit in words_of[item])
    everything = sum(honour.clicks for honour in honours.values())
    usual = sum(honour.on_titles_with_it for honour in honours.values()) / max(everything, 1)
    terms = []
    for unit, honour in sorted(honours.items()):
        sure = (honour.on_titles_with_it + PRIOR_CLICKS * usual) / (honour.clicks + PRIOR_CLICKS)
        if honour.clicks >= CLICKS_MIN and sure >= SURE:
            terms.append(
                KeyTerm(
                    kind=TermKind.WORD, value=unit, words=(unit,), confidence=round(sure, 3), source=TermSource.CLICKS
                )
            )
    return terms


def is_model_number(unit: str) -> bool:
    """Letters and digits in one word, and no measure."""
    if len(unit) < LETTERS_MIN or not _SHAPE.fullmatch(unit):
        return False
    measure = _NUMBER_AND_UNIT.fullmatch(unit)
    return measure is None or measure[1] not in _NO_MODELS
