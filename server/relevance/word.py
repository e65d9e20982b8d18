"""Words that the title must hold, each of them: a model number, a size. Whose titles hold them was gathered before."""

from collections.abc import Callable, Sequence

import numpy as np

from multigrain.types import Bools, Int64s
from server.relevance.rule import Case, Rows, Rule, Test
from server.result import Verdict

_Holds = Callable[[Int64s], Bools]
"""Which of these item_nos are among a word's holders."""

FEW = 4_096
"""Holders that are searched for each row. Of more, a mark for each row of the catalogue is faster."""


def rarest(case: Case) -> Int64s | None:
    """Holders of the demanded word that fewest titles hold; None: no word is demanded."""
    every = _holders(case)
    return min(every, key=len) if every else None


def _test_of(case: Case) -> Test | None:
    every = [_few(holders) if len(holders) <= FEW else _many(holders, case.columns.size) for holders in _holders(case)]

    def holds_all(rows: Rows) -> Bools:
        item_nos = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
        passed = every[0](item_nos)
        for holds in every[1:]:
            passed &= holds(item_nos)
        return passed

    return holds_all if every else None


def _holders(case: Case) -> Sequence[Int64s]:
    words = dict.fromkeys(demand.value for demand in case.intent.words)
    return [case.holders.get(word, _NOBODY) for word in words]


def _few(holders: Int64s) -> _Holds:
    if not len(holders):
        return lambda item_nos: np.zeros(len(item_nos), np.bool_)

    def holds(item_nos: Int64s) -> Bools:
        places = np.searchsorted(holders, item_nos)
        found: Bools = holders.take(places, mode="clip") == item_nos
        return found

    return holds


def _many(holders: Int64s, size: int) -> _Holds:
    marks = np.zeros(size, np.bool_)
    # Titles may be ahead of this view of the columns.
    marks[holders[: np.searchsorted(holders, size)]] = True
    return lambda item_nos: marks[item_nos]


RULE = Rule(Verdict.WORD, _test_of)

_NOBODY = np.zeros(0, np.int64)
