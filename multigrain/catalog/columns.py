"""The catalogue as columns in memory, indexed by item_no: what candidates are judged on and joined with.

A writer changes the arrays in place; a request takes a view. The view names a revision and shows every change up to
it. Of later changes to its items it may show some: each single value is one that the item had, at that revision or
after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from multigrain.catalog.attribute_table import SLOTS, AttributeTable
from multigrain.catalog.code_table import Codes, PathTable, TextTable
from multigrain.catalog.id_column import IdColumn
from multigrain.catalog.memory import PrivateMemory, Space
from multigrain.catalog.text_log import TextLog
from multigrain.types import Float32s, Int64s, ItemId

__all__ = ["ROWS_MAX", "UNKNOWN", "CatalogueColumns", "Codes"]

ROWS_MAX = 1 << 27
"""Rows that can be addressed; row 0 is one of them."""
UNKNOWN = 0
"""Row 0, and the status of every row that holds no item: an item_no begins at 1."""


def _bare() -> Space:
    return Space(PrivateMemory())


def _no_ids() -> IdColumn:
    ids = IdColumn(_bare(), 1)
    ids.prepare()
    return ids


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueColumns:
    """A view. Every array is [size] or [size, ...], read-only, and row n is the item of item_no n.

    Brand, path, shop and attributes are codes, read through their tables; code 0 is '', and what row 0 has. Without
    arguments it is of a catalogue without items.
    """

    revision: int = 0
    """Of the newest change that is in it for certain."""
    count: int = 0
    """Items that are not removed."""
    size: int = 1
    """Rows: one more than the highest item_no."""
    ids: IdColumn = field(default_factory=_no_ids)
    brand_codes: Codes = field(default_factory=lambda: np.zeros(1, np.int32))
    path_codes: Codes = field(default_factory=lambda: np.zeros(1, np.int32))
    shop_codes: Codes = field(default_factory=lambda: np.zeros(1, np.int32))
    price: Float32s = field(default_factory=lambda: np.zeros(1, np.float32))
    stock: NDArray[np.int32] = field(default_factory=lambda: np.zeros(1, np.int32))
    status: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(1, np.uint8))
    """As ItemStatus numbers them; 0: no such item."""
    brand_table: TextTable = field(default_factory=lambda: TextTable(TextLog(_bare())))
    path_table: PathTable = field(default_factory=lambda: PathTable(TextLog(_bare())))
    shop_table: TextTable = field(default_factory=lambda: TextTable(TextLog(_bare())))
    attribute_slots: Codes = field(default_factory=lambda: np.zeros((1, SLOTS), np.int32))
    """[size, SLOTS]: what an item states of its attributes, codes first and zeros behind them."""
    attribute_table: AttributeTable = field(default_factory=lambda: AttributeTable(TextLog(_bare())))

    def rows_of(self, item_nos: Int64s) -> Int64s:
        """Rows to look at for these item numbers: row 0 for those that this view does not hold."""
        return np.where((item_nos > 0) & (item_nos < self.size), item_nos, UNKNOWN)

    def item_no_of(self, item_id: str) -> int | None:
        """Its number; None: this view does not hold it."""
        item_no = self.ids.row_of(item_id)
        return item_no if 0 < item_no < self.size else None

    def item_nos_of(self, item_ids: Sequence[str]) -> Int64s:
        """Their numbers, in this order; 0 for an id that this view does not hold."""
        return self.rows_of(self.ids.rows_of(item_ids))

    def item_ids_of(self, item_nos: Int64s) -> list[ItemId]:
        """Public ids, in this order; '' for a number that this view does not hold."""
        return self.ids.ids_of(self.rows_of(item_nos))

    def brand_of(self, item_no: int) -> str:
        """Its brand; '' when it has none or the item is unknown. So with the next two."""
        return self.brand_table.key_of(int(self.brand_codes[self._row_of(item_no)]))

    def shop_of(self, item_no: int) -> str:
        return self.shop_table.key_of(int(self.shop_codes[self._row_of(item_no)]))

    def category_path_of(self, item_no: int) -> tuple[str, ...]:
        return self.path_table.key_of(int(self.path_codes[self._row_of(item_no)]))

    def attributes_of(self, item_no: int) -> dict[str, str]:
        """What it states, as far as it is judged on."""
        slots: list[int] = self.attribute_slots[self._row_of(item_no)].tolist()
        return dict(self.attribute_table.key_of(code) for code in slots if code)

    def path_codes_under(self, category: str) -> Codes:
        """Codes of every path that is the category or below it. Empty: there is none.

        `category` is a path from the top ('sports/shoes'), or, when no path begins so, the bare name of a category
        on any level ('shoes').
        """
        return self.path_table.codes_under(category)

    def _row_of(self, item_no: int) -> int:
        return item_no if 0 < item_no < self.size else UNKNOWN
