"""The shape of a rule: pure, columnar, and unable to fail. It sees one case and says who passes.

Everything a rule needs was gathered before. What a rule cannot find, it does not let through.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from multigrain.catalog.columns import CatalogueColumns
from multigrain.types import Bools, Int64s
from server.request import Filters
from server.result import Verdict
from server.understanding.intent import Intent

Rows: TypeAlias = slice | Int64s
"""Of the columns: those with these numbers, or all from one to another, which need not be gathered one by one."""
Test: TypeAlias = Callable[[Rows], Bools]
"""Who of these passes, [n]. Of rows that hold no item it may say anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What candidates are judged on: one request against one view of the catalogue."""

    columns: CatalogueColumns
    intent: Intent
    filters: Filters
    holders: Mapping[str, Int64s] = field(default_factory=dict)
    """By demanded word: the item_nos whose titles hold it, ascending. A word that is not among them is in no title."""
    least_score: float | None = None
    """Of the vector channel: what it alone found with a lower score goes. None: there is no such score."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who fails it gets `verdict`."""

    verdict: Verdict
    test_of: Callable[[Case], Test | None]
    """Looks up what the case demands, once for all rows. None: it demands nothing here."""

    def passes(self, case: Case, rows: Int64s) -> Bools:
        """Of rows of the columns that hold an item, [n] -> [n]."""
        test = self.test_of(case)
        return np.ones(len(rows), np.bool_) if test is None else test(rows)
