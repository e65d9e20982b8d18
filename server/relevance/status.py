"""Active and in stock, or not shown: in every mode."""

from multigrain.types import Bools, ItemStatus
from server.relevance.rule import Case, Rows, Rule, Test
from server.result import Verdict

_ACTIVE = int(ItemStatus.ACTIVE)


def _test_of(case: Case) -> Test:
    status, stock = case.columns.status, case.columns.stock

    def is_for_sale(rows: Rows) -> Bools:
        passed: Bools = status[rows] == _ACTIVE
        passed &= stock[rows] > 0
        return passed

    return is_for_sale


RULE = Rule(Verdict.STATUS, _test_of)
