"""Active and in stock, or not shown: in every mode."""

from multigrain.types import Bools, Int64s, ItemStatus
from server.relevance.rule import Case, Rule
from server.result import Verdict


def _passes(case: Case, rows: Int64s) -> Bools:
    active: Bools = case.columns.status[rows] == ItemStatus.ACTIVE
    in_stock: Bools = case.columns.stock[rows] > 0
    return active & in_stock


RULE = Rule(Verdict.STATUS, _passes)
