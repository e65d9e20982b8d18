"""A bundle's table of neighbours, asked by items and answering in this server's item numbers.

The table names items by public id; what an id's number is, the catalogue is asked once and the answer is kept. It is
asked ahead of the requests, a piece at a time: one that returns a thousand ids for the first time would take 7 ms.
"""

from collections.abc import Sequence

import numpy as np

from multigrain.catalog.columns import UNKNOWN, CatalogueColumns
from multigrain.neighbors import Neighbors
from multigrain.types import Float32s, Int64s, ItemId
from server.result import Hits

AHEAD_AT_ONCE = 20_000
"""Rows of a piece, some tenth of a second: it is done by whoever keeps the catalogue fresh, who must not be kept."""


class Neighbourhood:
    """The neighbours of one generation. `around` is for the event loop alone, `look_ahead` for one other thread: both
    may find the same number for a row, and neither any other.
    """

    def __init__(self, table: Neighbors) -> None:
        self._table = table
        self._item_nos = np.full(len(table), UNKNOWN, np.int64)
        """By row of the table; UNKNOWN: not asked for yet, or not in the catalogue when it was. A number once given
        is the item's for ever, so only those are asked for again."""
        self._looked_ahead = 0

    def __len__(self) -> int:
        return len(self._table)

    def around(self, item_ids: Sequence[ItemId], weights: Float32s, columns: CatalogueColumns, k: int) -> Hits:
        """The k neighbours of these items with the highest sum of weight * alikeness, best first, equal ones in order
        of their number. Items that the table or the catalogue does not know are left out.
        """
        rows = self._table.rows_of(item_ids)
        known = np.flatnonzero(rows >= 0)
        whose, others, alike = self._table.around(rows[known])
        found, place = np.unique(others, return_inverse=True)
        sums = np.bincount(place, alike * weights[known][whose], minlength=len(found)).astype(np.float32)
        wanted = k
        while True:
            near = _first(sums, wanted)
            item_nos = self._numbers(found[near].astype(np.int64), columns)
            there = item_nos != UNKNOWN
            if np.count_nonzero(there) >= k or len(near) == len(found):
                return _ranked(item_nos[there], sums[near][there], k)
            # Some of them are not in the catalogue: the next ones move up.
            wanted *= 2

    def look_ahead(self, columns: CatalogueColumns) -> None:
        """Asks for the numbers of the next piece of the table, until all rows had their turn."""
        rows = np.arange(self._looked_ahead, min(len(self), self._looked_ahead + AHEAD_AT_ONCE))
        if len(rows):
            self._numbers(rows, columns)
            self._looked_ahead += len(rows)

    def _numbers(self, rows: Int64s, columns: CatalogueColumns) -> Int64s:
        unresolved = rows[self._item_nos[rows] == UNKNOWN]
        if len(unresolved):
            self._item_nos[unresolved] = columns.item_nos_of(self._table.ids_of(unresolved))
        return self._item_nos[rows]


def _first(sums: Float32s, wanted: int) -> Int64s:
    """Where the highest `wanted` sums stand, in no order; with those that tie with the last of them."""
    if wanted >= len(sums):
        return np.arange(len(sums))
    last = len(sums) - wanted
    return np.flatnonzero(sums >= np.partition(sums, last)[last])


def _ranked(item_nos: Int64s, sums: Float32s, k: int) -> Hits:
    best = np.lexsort((item_nos, -sums))[:k]
    return Hits(item_nos[best], sums[best])
