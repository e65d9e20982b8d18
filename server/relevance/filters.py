"""The filters of the request: they hold in every mode, because whoever calls relies on them."""

import numpy as np

from multigrain.types import Bools, Int64s
from server.relevance.membership import in_category, of_brand, of_shop
from server.relevance.rule import Case, Rule
from server.result import Verdict


def _passes(case: Case, rows: Int64s) -> Bools:
    filters = case.filters
    passed = of_brand(case.columns, rows, filters.brands)
    passed &= in_category(case.columns, rows, filters.categories)
    passed &= of_shop(case.columns, rows, filters.shops)
    if filters.min_price is not None or filters.max_price is not None:
        price = case.columns.price[rows]
        # Written so that a price that is no number passes neither end.
        passed &= (price >= _as_stored(filters.min_price, -np.inf)) & (price <= _as_stored(filters.max_price, np.inf))
    return passed


def _as_stored(price: float | None, otherwise: float) -> np.float32:
    """At the precision of the column, or 9.99 in the column would not be at most 9.99."""
    return np.float32(otherwise if price is None else price)


RULE = Rule(Verdict.FILTER, _passes)
