"""Whether items belong to any of the named brands, categories or shops. No names: no demand, so everything passes.

A name that the catalogue does not know has no code, so nothing passes for it.
"""

from collections.abc import Sequence

import numpy as np

from multigrain.catalog.columns import CatalogueColumns, Codes
from multigrain.types import Bools, Int64s


def of_brand(columns: CatalogueColumns, rows: Int64s, names: Sequence[str]) -> Bools:
    """Any of these brands, [n]."""
    return _any_of(columns.brand_codes, rows, columns.brand_table.codes(names), demanded=bool(names))


def of_shop(columns: CatalogueColumns, rows: Int64s, names: Sequence[str]) -> Bools:
    """Any of these shops, [n]."""
    return _any_of(columns.shop_codes, rows, columns.shop_table.codes(names), demanded=bool(names))


def in_category(columns: CatalogueColumns, rows: Int64s, categories: Sequence[str]) -> Bools:
    """In or below any of these categories, paths or names on any level, [n]."""
    codes = [columns.path_codes_under(category) for category in categories]
    return _any_of(columns.path_codes, rows, np.concatenate([np.zeros(0, np.int32), *codes]), demanded=bool(categories))


def _any_of(column: Codes, rows: Int64s, codes: Codes, *, demanded: bool) -> Bools:
    if not demanded:
        return np.ones(len(rows), np.bool_)
    if not len(codes):
        return np.zeros(len(rows), np.bool_)
    found = column[rows]  # a copy: the column may get a higher code at any moment
    # One look-up a row, however many codes: 'everything below sports' may be thousands of paths.
    wanted = np.zeros(int(max(found.max(initial=0), codes.max())) + 1, np.bool_)
    wanted[codes] = True
    return wanted[found]
