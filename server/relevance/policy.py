"""The rules in their order, and what each mode makes of them. Pure: it takes columns and returns columns.

AND across rules, OR within one; the first rule that a candidate fails gives its verdict. An item that the catalogue
does not know is dropped: nothing can be said for it.
"""

from dataclasses import dataclass

import numpy as np

from multigrain.catalog.columns import UNKNOWN
from multigrain.types import Int64s
from server.relevance import brand, category, filters, status
from server.relevance.rule import Case, Rule
from server.request import RelevanceMode
from server.result import Candidates, Verdict, Verdicts

ROWS_AT_ONCE = 65_536

HARD: tuple[Rule, ...] = (status.RULE, filters.RULE)
"""Hold in every mode."""
DEMANDED: tuple[Rule, ...] = (brand.RULE, category.RULE)
"""Follow from the query's intent."""

RULES_OF: dict[RelevanceMode, tuple[Rule, ...]] = {
    RelevanceMode.FILL: (*HARD, *DEMANDED),
    RelevanceMode.STRICT: (*HARD, *DEMANDED),
    RelevanceMode.DEMOTE: (*HARD, *DEMANDED),
    RelevanceMode.OFF: HARD,
}


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
    passed = np.flatnonzero(verdicts == Verdict.KEPT)
    if mode is RelevanceMode.DEMOTE:
        demoted = np.isin(verdicts, [rule.verdict for rule in DEMANDED])
        passed = np.concatenate([passed, np.flatnonzero(demoted)])
    failed = np.setdiff1d(np.arange(len(verdicts)), passed, assume_unique=True)
    return Judgement(candidates.take(passed), verdicts[passed], candidates.take(failed), verdicts[failed])


def verdicts_of(case: Case, item_nos: Int64s, mode: RelevanceMode) -> Verdicts:
    """The verdict on each item, [n]: the first rule that it fails, or KEPT."""
    verdicts = np.full(len(item_nos), Verdict.UNKNOWN_ITEM, np.uint8)
    rows = case.columns.rows_of(item_nos)
    open_ = np.flatnonzero(case.columns.status[rows] != UNKNOWN)
    for rule in RULES_OF[mode]:
        passed = rule.passes(case, rows[open_])
        verdicts[open_[~passed]] = rule.verdict
        open_ = open_[passed]
    verdicts[open_] = Verdict.KEPT
    return verdicts


def count_passing(case: Case, mode: RelevanceMode, *, at_most: int) -> int:
    """How many items of the whole catalogue would be kept: a search for more of them is in vain.

    Counts no further than `at_most`: of millions of items, the first thousands often suffice.
    """
    found = 0
    for first in range(0, case.columns.size, ROWS_AT_ONCE):
        item_nos = np.arange(first, min(first + ROWS_AT_ONCE, case.columns.size), dtype=np.int64)
        found += int(np.count_nonzero(verdicts_of(case, item_nos, mode) == Verdict.KEPT))
        if found >= at_most:
            return at_most
    return found
