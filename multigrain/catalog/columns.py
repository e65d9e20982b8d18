"""The catalogue as columns in memory, indexed by item_no: what candidates are judged on and joined with.

A snapshot never changes: `refreshed` returns another one. Only the tables of codes and ids are shared between
snapshots; they grow, and what is in them stays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from multigrain.catalog.change import StoredItem
from multigrain.types import Int64s, ItemId, ItemStatus

PAGE = 10_000
UNKNOWN = 0
"""Row 0, and the status of every row that holds no item: an item_no begins at 1."""

Codes = NDArray[np.int32]
_STOCK_MAX = np.iinfo(np.int32).max


class Changes(Protocol):
    """What a refresh needs of the catalogue."""

    def changed_since(self, revision: int, limit: int) -> list[StoredItem]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueColumns:
    """One moment of the catalogue. Every array is [size], read-only, and row n is the item of item_no n.

    Brand, path and shop are codes, read through the three tables; code 0 is '', and what row 0 has.
    """

    revision: int = 0
    """Of the newest change in it."""
    count: int = 0
    """Items that are not removed."""
    item_ids: NDArray[np.object_] = field(default_factory=lambda: np.array([""], object))
    brand_codes: Codes = field(default_factory=lambda: np.zeros(1, np.int32))
    path_codes: Codes = field(default_factory=lambda: np.zeros(1, np.int32))
    """Category paths, '/'-joined, top first."""
    shop_codes: Codes = field(default_factory=lambda: np.zeros(1, np.int32))
    price: NDArray[np.float32] = field(default_factory=lambda: np.zeros(1, np.float32))
    stock: NDArray[np.int32] = field(default_factory=lambda: np.zeros(1, np.int32))
    status: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(1, np.uint8))
    """As ItemStatus numbers them; 0: no such item."""
    brand_table: "CodeTable" = field(default_factory=lambda: CodeTable())
    path_table: "PathTable" = field(default_factory=lambda: PathTable())
    shop_table: "CodeTable" = field(default_factory=lambda: CodeTable())
    item_nos: dict[ItemId, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Rows: one more than the highest item_no."""
        return len(self.status)

    def rows_of(self, item_nos: Int64s) -> Int64s:
        """Rows to look at for these item numbers: row 0 for those that this snapshot does not hold."""
        return np.where((item_nos > 0) & (item_nos < self.size), item_nos, UNKNOWN)

    def item_no_of(self, item_id: ItemId) -> int | None:
        """Its number; None: this snapshot does not hold it."""
        item_no = self.item_nos.get(item_id, UNKNOWN)
        return item_no if 0 < item_no < self.size else None

    def item_ids_of(self, item_nos: Int64s) -> list[ItemId]:
        """Public ids, in this order; '' for a number that this snapshot does not hold."""
        ids: list[ItemId] = self.item_ids[self.rows_of(item_nos)].tolist()
        return ids

    def brand_of(self, item_no: int) -> str:
        """Its brand; '' when it has none or the item is unknown. So with the next two."""
        return self.brand_table.text_of[int(self.brand_codes[self._row_of(item_no)])]

    def shop_of(self, item_no: int) -> str:
        return self.shop_table.text_of[int(self.shop_codes[self._row_of(item_no)])]

    def category_path_of(self, item_no: int) -> tuple[str, ...]:
        return self.path_table.path_of[int(self.path_codes[self._row_of(item_no)])]

    def path_codes_under(self, category: str) -> Codes:
        """Codes of every path that is the category or below it. Empty: there is none.

        `category` is a path from the top ('sports/shoes'), or, when no path begins so, the bare name of a category
        on any level ('shoes').
        """
        return self.path_table.codes_under(category)

    @classmethod
    def load(cls, catalogue: Changes) -> "CatalogueColumns":
        """The first snapshot of a process."""
        return cls().refreshed(catalogue)

    def refreshed(self, catalogue: Changes) -> "CatalogueColumns":
        """A snapshot of now; this very one when nothing changed. One refresh at a time, readers as many as you like."""
        page = catalogue.changed_since(self.revision, PAGE)
        if not page:
            return self
        draft = _Draft(self)
        while page:
            draft.put(page)
            page = catalogue.changed_since(draft.revision, PAGE) if len(page) == PAGE else []
        return draft.finished()

    def _row_of(self, item_no: int) -> int:
        return item_no if 0 < item_no < self.size else UNKNOWN


class CodeTable:
    """Text <-> code, in order of first sight. Code 0 is ''."""

    def __init__(self) -> None:
        self.code_of: dict[str, int] = {"": 0}
        self.text_of: list[str] = [""]

    def __len__(self) -> int:
        return len(self.text_of)

    def put(self, text: str) -> int:
        """The code of the text, a further one if it has none."""
        code = self.code_of.get(text)
        if code is None:
            code = len(self.text_of)
            self.text_of.append(text)
            self.code_of[text] = code
        return code

    def codes(self, texts: Iterable[str]) -> Codes:
        """Codes of those that are known."""
        return np.array([self.code_of[text] for text in texts if text in self.code_of], np.int32)


class PathTable(CodeTable):
    """Category paths, found by every path above them and by every name in them."""

    def __init__(self) -> None:
        super().__init__()
        self.path_of: list[tuple[str, ...]] = [("",)]
        self._under_path: dict[str, list[int]] = {}
        self._under_name: dict[str, list[int]] = {}

    def put_path(self, path: Sequence[str]) -> int:
        text = "/".join(path)
        if text not in self.code_of:
            self.path_of.append(tuple(path))
            code = self.put(text)
            names = text.split("/")
            for depth in range(1, len(names) + 1):
                self._under_path.setdefault("/".join(names[:depth]), []).append(code)
            for name in {*names, *path}:
                self._under_name.setdefault(name, []).append(code)
        return self.code_of[text]

    def codes_under(self, category: str) -> Codes:
        return np.array(self._under_path.get(category) or self._under_name.get(category, []), np.int32)


class _Draft:
    """A snapshot in the making: copies of the columns that double when they are full."""

    def __init__(self, base: CatalogueColumns) -> None:
        self.revision = base.revision
        self._base = base
        self._size = base.size
        self._columns = {name: getattr(base, name).copy() for name in _COLUMNS}

    def put(self, page: Sequence[StoredItem]) -> None:
        base, rows = self._base, np.array([stored.item_no for stored in page], np.int64)
        self._make_room(int(rows.max()) + 1)
        found = [stored.item for stored in page]
        values: dict[str, list[object]] = {
            "item_ids": [item.item_id for item in found],
            "brand_codes": [base.brand_table.put(item.brand) for item in found],
            "path_codes": [base.path_table.put_path(item.category_path) for item in found],
            "shop_codes": [base.shop_table.put(item.shop) for item in found],
            "price": [item.price for item in found],
            "stock": [min(item.stock, _STOCK_MAX) for item in found],
            "status": [int(item.status) for item in found],
        }
        for name, column in values.items():
            self._columns[name][rows] = column
        base.item_nos.update(zip((item.item_id for item in found), rows.tolist(), strict=True))
        self.revision = page[-1].revision

    def finished(self) -> CatalogueColumns:
        columns = {name: column[: self._size] for name, column in self._columns.items()}
        for column in columns.values():
            column.flags.writeable = False
        statuses = columns["status"]
        return CatalogueColumns(
            revision=self.revision,
            count=int(np.count_nonzero((statuses != UNKNOWN) & (statuses != ItemStatus.REMOVED))),
            brand_table=self._base.brand_table,
            path_table=self._base.path_table,
            shop_table=self._base.shop_table,
            item_nos=self._base.item_nos,
            **columns,
        )

    def _make_room(self, size: int) -> None:
        held = len(self._columns["status"])
        if size > held:
            for name, column in self._columns.items():
                grown = np.zeros(max(size, 2 * held), column.dtype)
                grown[:held] = column
                self._columns[name] = grown
        self._size = max(self._size, size)


_COLUMNS = ("item_ids", "brand_codes", "path_codes", "shop_codes", "price", "stock", "status")
