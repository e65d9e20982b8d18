"""Whether items belong to any of the named brands, categories or shops.

A name that the catalogue does not know has no code, so nothing belongs to it.
"""

from collections.abc import Sequence

import numpy as np

from multigrain.catalog.columns import CatalogueColumns, Codes
from multigrain.types import Bools
from server.relevance.rule import Rows, Test


def of_brand(columns: CatalogueColumns, names: Sequence[str]) -> Test:
    """Any of these brands."""
    return _any_of(columns.brand_codes, columns.brand_table.codes(names))


def of_shop(columns: CatalogueColumns, names: Sequence[str]) -> Test:
    """Any of these shops."""
    return _any_of(columns.shop_codes, columns.shop_table.codes(names))


def in_category(columns: CatalogueColumns, categories: Sequence[str]) -> Test:
    """In or below any of these categories, paths or names on any level."""
    codes = [columns.path_codes_under(category) for category in categories]
    return _any_of(columns.path_codes, codes[0] if len(codes) == 1 else np.concatenate(codes))


def _any_of(column: Codes, codes: Codes) -> Test:
    if len(codes) == 1:
        only = codes[0]

        def is_it(rows: Rows) -> Bools:
            same: Bools = column[rows] == only
            return same

        return is_it
    # One look-up a row, however many codes: 'everything below sports' may be thousands of paths. The last one is for
    # all higher codes, which the column may get at any moment.
    wanted = np.zeros(int(codes.max(initial=0)) + 2, np.bool_)
    wanted[codes] = True

    def is_among(rows: Rows) -> Bools:
        return wanted.take(column[rows], mode="clip")

    return is_among
