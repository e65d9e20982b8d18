"""The filters of the request: they hold in every mode, because whoever calls relies on them."""

from collections.abc import Iterator

import numpy as np

from multigrain.types import Bools
from server.relevance.membership import in_category, of_brand, of_shop
from server.relevance.rule import Case, Rows, Rule, Test
from server.result import Verdict


def _test_of(case: Case) -> Test | None:
    tests = list(_tests(case))

    def passes_all(rows: Rows) -> Bools:
        passed = tests[0](rows)
        for test in tests[1:]:
            passed &= test(rows)
        return passed

    return passes_all if tests else None


def _tests(case: Case) -> Iterator[Test]:
    filters, columns = case.filters, case.columns
    if filters.brands:
        yield of_brand(columns, filters.brands)
    if filters.categories:
        yield in_category(columns, filters.categories)
    if filters.shops:
        yield of_shop(columns, filters.shops)
    if filters.min_price is not None or filters.max_price is not None:
        yield _priced(case)


def _priced(case: Case) -> Test:
    prices = case.columns.price
    least, most = _as_stored(case.filters.min_price, -np.inf), _as_stored(case.filters.max_price, np.inf)

    def is_between(rows: Rows) -> Bools:
        price = prices[rows]
        # Written so that a price that is no number passes neither end.
        passed: Bools = price >= least
        passed &= price <= most
        return passed

    return is_between


def _as_stored(price: float | None, otherwise: float) -> np.float32:
    """At the precision of the column, or 9.99 in the column would not be at most 9.99."""
    return np.float32(otherwise if price is None else price)


RULE = Rule(Verdict.FILTER, _test_of)
