"""The rules in their order, and what each mode makes of them. Pure: it takes columns and returns columns.

AND across rules, OR within one; the first rule that a candidate fails gives its verdict. An item that the catalogue
does not know is dropped: nothing can be said for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.catalog.columns import UNKNOWN
from multigrain.types import Int64s
from server.relevance import attribute, brand, category, cut_off, excluded, filters, status, word
from server.relevance.rule import Case, Rows, Rule, Test
from server.request import RelevanceMode
from server.result import Candidates, Verdict, Verdicts

ROWS_AT_ONCE = 65_536
FEW = 0.1
"""Of a block: from then on its rows are picked one by one."""

# The order: of an item that fails several rules, the verdict names the one that says most. That it cannot be bought or
# was filtered out settles it for everybody, that the shop keeps it out for everybody who asks so. Then what it is
# before whose it is, and before how it looks; a word of the title is said by less than an attribute that is stated.
# A score knows least: it speaks where nothing else does.
HARD: tuple[Rule, ...] = (status.RULE, filters.RULE)
"""Hold in every mode."""
KEPT_OUT: tuple[Rule, ...] = (excluded.RULE,)
"""The shop's will: what fails is dropped, where demands are looked at at all."""
DEMANDED: tuple[Rule, ...] = (category.RULE, brand.RULE, attribute.RULE, word.RULE)
"""Follow from the query's intent. Behind them comes the cut-off, which is no rule over rows: cut_off.py says why."""

RULES_OF: dict[RelevanceMode, tuple[Rule, ...]] = {
    RelevanceMode.FILL: (*HARD, *KEPT_OUT, *DEMANDED),
    RelevanceMode.STRICT: (*HARD, *KEPT_OUT, *DEMANDED),
    RelevanceMode.DEMOTE: (*HARD, *KEPT_OUT, *DEMANDED),
    RelevanceMode.OFF: HARD,
}

SIEVES: tuple[Rule, ...] = (brand.RULE, category.RULE, filters.RULE, status.RULE)
"""Of the whole catalogue these leave few, and look at one number an item: they come first where only the passing are
wanted, and not why the others fail."""

_KEPT, _BEHIND, _DROPPED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that was judged, parted into what stays and what goes; both best first."""

    kept: Candidates
    kept_verdicts: Verdicts
    dropped: Candidates
    dropped_verdicts: Verdicts


def judge(case: Case, candidates: Candidates, mode: RelevanceMode) -> Judgement:
    """Parts the candidates. DEMOTE keeps what misses a demand, behind everything that meets them all."""
    verdicts = verdicts_of(case, candidates.item_nos, mode)
    if case.least_score is not None and mode is not RelevanceMode.OFF:
        unlikely = cut_off.too_unlikely(candidates, case.least_score)
        verdicts[unlikely & (verdicts == Verdict.KEPT)] = cut_off.VERDICT
    fates = _FATES[mode].take(verdicts)
    stays = np.flatnonzero(fates == _KEPT)
    if mode is RelevanceMode.DEMOTE:
        stays = np.concatenate([stays, np.flatnonzero(fates == _BEHIND)])
    goes = np.flatnonzero(fates == _DROPPED)
    return Judgement(candidates.take(stays), verdicts.take(stays), candidates.take(goes), verdicts.take(goes))


def verdicts_of(case: Case, item_nos: Int64s, mode: RelevanceMode) -> Verdicts:
    """The verdict on each item, [n]: the first rule that it fails, or KEPT. Without the cut-off, which an item has only
    as a candidate.
    """
    verdicts = np.full(len(item_nos), Verdict.UNKNOWN_ITEM, np.uint8)
    rows = case.columns.rows_of(item_nos)
    open_ = np.flatnonzero(case.columns.status[rows])
    rows = rows.take(open_)
    for rule in RULES_OF[mode]:
        if (test := rule.test_of(case)) is None:
            continue
        passed = test(rows)
        if (failed := np.flatnonzero(~passed)).size:
            verdicts[open_.take(failed)] = rule.verdict
            left = np.flatnonzero(passed)
            open_, rows = open_.take(left), rows.take(left)
    verdicts[open_] = Verdict.KEPT
    return verdicts


def failures_of(case: Case, item_no: int, mode: RelevanceMode) -> tuple[Verdict, ...]:
    """Every rule that one item fails, in their order; without the cut-off."""
    rows = case.columns.rows_of(np.array([item_no], np.int64))
    if case.columns.status[rows[0]] == UNKNOWN:
        return (Verdict.UNKNOWN_ITEM,)
    return tuple(rule.verdict for rule in RULES_OF[mode] if not rule.passes(case, rows)[0])


def count_passing(case: Case, mode: RelevanceMode, *, at_most: int) -> int:
    """How many items of the whole catalogue would be kept: a search for more of them is in vain.

    Counts no further than `at_most`: of millions of items, the first thousands often suffice.
    """
    found = 0
    for item_nos in passing(case, mode):
        found += len(item_nos)
        if found >= at_most:
            return at_most
    return found


def passing(case: Case, mode: RelevanceMode) -> Iterator[Int64s]:
    """The items of the whole catalogue that would be kept, ascending, some at a time. Without the cut-off."""
    rules = RULES_OF[mode]
    sieves = [test for rule in SIEVES if rule in rules and (test := rule.test_of(case)) is not None]
    others = [test for rule in rules if rule not in SIEVES and (test := rule.test_of(case)) is not None]
    holders = word.rarest(case) if word.RULE in rules else None
    for block in _blocks(1, case.columns.size) if holders is None else _parts(case.columns.rows_of(holders)):
        rows = _left(block, [*sieves, *others])
        if len(rows):
            yield rows


def _blocks(start: int, stop: int) -> Iterator[Rows]:
    for first in range(start, stop, ROWS_AT_ONCE):
        yield slice(first, min(first + ROWS_AT_ONCE, stop))


def _parts(rows: Int64s) -> Iterator[Rows]:
    known = rows[rows != UNKNOWN]
    for first in range(0, len(known), ROWS_AT_ONCE):
        yield known[first : first + ROWS_AT_ONCE]


def _left(block: Rows, tests: Sequence[Test]) -> Int64s:
    """Those of a block that pass every test."""
    waiting = iter(tests)
    rows = _left_of_slice(block, waiting) if isinstance(block, slice) else block
    for test in waiting:
        if not len(rows):
            break
        rows = rows[test(rows)]
    return rows


def _left_of_slice(block: slice, tests: Iterator[Test]) -> Int64s:
    """Those that pass the first tests: as many as are asked before few are left. A slice is read as it lies in memory,
    ten times as fast as rows that are picked one by one."""
    passed = np.ones(block.stop - block.start, np.bool_)
    for test in tests:
        passed &= test(block)
        if np.count_nonzero(passed) < FEW * len(passed):
            break
    rows: Int64s = np.flatnonzero(passed) + block.start
    return rows


def _fates(mode: RelevanceMode) -> NDArray[np.uint8]:
    """By verdict."""
    fates = np.full(max(Verdict) + 1, _DROPPED, np.uint8)
    fates[Verdict.KEPT] = _KEPT
    if mode is RelevanceMode.DEMOTE:
        fates[[cut_off.VERDICT, *(rule.verdict for rule in DEMANDED)]] = _BEHIND
    return fates


_FATES = {mode: _fates(mode) for mode in RelevanceMode}
