"""Whoever keeps the columns fresh. One in all the processes that share a memory."""

import numpy as np
from numpy.typing import NDArray

from multigrain.catalog.column_store import ColumnStore
from multigrain.catalog.columns import ROWS_MAX, UNKNOWN, CatalogueColumns
from multigrain.catalog.item_page import ItemPage
from multigrain.catalog.memory import Memory
from multigrain.types import Bools, Int64s, ItemStatus


class ColumnsWriter:
    """Takes pages of the catalogue in order of revision. What a page costs goes by the page, not by the catalogue.

    Over memory that another writer has left it goes on where that one stopped.
    """

    def __init__(self, memory: Memory) -> None:
        self._store = ColumnStore(memory)
        self._store.prepare()
        head = self._store.head
        # The other may have been broken off between a row and the count.
        head.count[0] = np.count_nonzero(_is_there(self._store.status[: int(head.reach[0])]))
        self._view = self._store.view()

    @property
    def revision(self) -> int:
        """Of the newest change that was put."""
        return int(self._store.head.revision[0])

    @property
    def view(self) -> CatalogueColumns:
        """With the last page that was put."""
        return self._view

    def put(self, page: ItemPage) -> None:
        """Takes over a page. A page that was put before changes nothing."""
        store, rows = self._store, page.item_nos
        size = int(rows.max()) + 1
        if size > ROWS_MAX:
            raise ValueError(f"item_no {size - 1:,}: there is room for {ROWS_MAX - 1:,}")
        store.head.reach[0] = max(store.head.reach[0], size)
        there = self._count(rows)
        store.ids.put(rows, page.item_ids)
        store.brand_codes[rows] = store.brand_table.put(page.brands)
        store.path_codes[rows] = store.path_table.put(page.category_paths)
        store.shop_codes[rows] = store.shop_table.put(page.shops)
        store.attribute_slots[rows] = store.attribute_table.slots_of(page.attributes)
        store.price[rows] = page.price
        store.stock[rows] = page.stock
        # A row begins to hold an item with its status, the whole begins to hold a row with its size.
        store.status[rows] = page.status
        store.head.count[0] += self._count(rows) - there
        store.head.size[0] = max(store.head.size[0], size)
        store.head.revision[0] = max(store.head.revision[0], page.revision)
        self._view = store.view()

    def mark_loaded(self) -> None:
        """From now on readers may use them: they hold all that the catalogue held when the loading began."""
        self._store.head.is_loaded[0] = 1

    def _count(self, rows: Int64s) -> int:
        return int(np.count_nonzero(_is_there(self._store.status[rows])))


def _is_there(status: NDArray[np.uint8]) -> Bools:
    there: Bools = (status != UNKNOWN) & (status != ItemStatus.REMOVED)
    return there
