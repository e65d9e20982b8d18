"""Attributes that the query demands: any of the values of one name, and all the names.

Unknown is no contradiction: an item that states nothing of an attribute passes, one that states another value does not.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from multigrain.catalog.columns import CatalogueColumns
from multigrain.types import Bools
from server.relevance.rule import Case, Rows, Rule, Test
from server.result import Verdict

_OTHER, _WANTED = 1, 2
"""Of a code: it states the demanded attribute, with another value or with one that is wanted. 0: another attribute."""
_ANY_WANTED = np.uint64(0x0202020202020202)
"""An item's marks, a byte a slot, are one number."""


def _test_of(case: Case) -> Test | None:
    values_of: dict[str, list[str]] = {}
    for demand in case.intent.attributes:
        values_of.setdefault(demand.name, []).append(demand.value)
    marks = [_marks(case.columns, name, values) for name, values in values_of.items()]
    slots_of = case.columns.attribute_slots

    def states_no_other(rows: Rows) -> Bools:
        # [n, SLOTS], one item's slots beside each other in memory; gathered once for all names.
        slots = slots_of[rows] if isinstance(rows, slice) else slots_of.take(rows, axis=0)
        passed = _agree(marks[0], slots)
        for other in marks[1:]:
            passed &= _agree(other, slots)
        return passed

    return states_no_other if marks else None


def _marks(columns: CatalogueColumns, name: str, values: Sequence[str]) -> NDArray[np.uint8]:
    """By code. The last one is for all higher codes, which an item may get at any moment: unknown for now."""
    table = columns.attribute_table
    of_name = table.codes_named(name)
    marks = np.zeros(int(of_name.max(initial=0)) + 2, np.uint8)
    marks[of_name] = _OTHER
    wanted = table.codes([(name, value) for value in values])
    marks[wanted[wanted < len(marks)]] = _WANTED
    return marks


def _agree(marks: NDArray[np.uint8], slots: NDArray[np.int32]) -> Bools:
    of_items = marks.take(slots, mode="clip").view(np.uint64)[:, 0]
    passed: Bools = of_items == 0
    passed |= (of_items & _ANY_WANTED) != 0
    return passed


RULE = Rule(Verdict.ATTRIBUTE, _test_of)
