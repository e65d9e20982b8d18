"""All that a view is made of, over one memory: the same arrays for the process that writes and for those that read."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from multigrain.catalog.attribute_table import SLOTS, AttributeTable
from multigrain.catalog.code_table import PathTable, TextTable
from multigrain.catalog.columns import ROWS_MAX, CatalogueColumns
from multigrain.catalog.id_column import IdColumn
from multigrain.catalog.memory import Memory, Space
from multigrain.catalog.text_log import TextLog
from multigrain.errors import InvalidConfig

Number = TypeVar("Number", bound=np.generic)

_FORMAT = 2
"""Of the order of arrays below and of what is in them. A process of another version must not read them."""


class Head:
    """What is known of the whole. Each field is one aligned number, [1], so it is never seen half written."""

    def __init__(self, space: Space) -> None:
        numbers = space.int64s(6)
        self.format, self.revision, self.count, self.size = (numbers[n : n + 1] for n in range(4))
        self.reach = numbers[4:5]
        """Rows that may have been begun, had the writer been broken off now."""
        self.is_loaded = numbers[5:6]


class ColumnStore:
    """Row n of every array is item_no n. Arrays are as long as may ever be needed; a view cuts them."""

    def __init__(self, memory: Memory) -> None:
        space = Space(memory)
        self.head = Head(space)
        if self.head.format[0] not in (0, _FORMAT):
            raise InvalidConfig(
                "columns", f"format {self.head.format[0]}, not {_FORMAT}", cure="start all processes of one version"
            )
        self.ids = IdColumn(space, ROWS_MAX)
        self.brand_codes, self.path_codes, self.shop_codes = (space.int32s(ROWS_MAX) for _ in range(3))
        self.price = space.float32s(ROWS_MAX)
        self.stock = space.int32s(ROWS_MAX)
        self.status = space.uint8s(ROWS_MAX)
        self.brand_table = TextTable(TextLog(space))
        self.path_table = PathTable(TextLog(space))
        self.shop_table = TextTable(TextLog(space))
        self.attribute_slots = space.int32s(ROWS_MAX * SLOTS).reshape(ROWS_MAX, SLOTS)
        self.attribute_table = AttributeTable(TextLog(space))

    def prepare(self) -> None:
        """What the writer does before it writes, to memory that is bare or was left by another."""
        self.ids.prepare()
        self.head.size[0] = max(self.head.size[0], 1)
        self.head.reach[0] = max(self.head.reach[0], 1)
        self.head.format[0] = _FORMAT

    def view(self) -> CatalogueColumns:
        """Of this moment."""
        head = self.head
        # In this order, against the writer's: what is written before a revision is seen with it.
        revision, count, size = int(head.revision[0]), int(head.count[0]), int(head.size[0])
        return CatalogueColumns(
            revision=revision,
            count=count,
            size=size,
            ids=self.ids,
            brand_codes=_read_only(self.brand_codes[:size]),
            path_codes=_read_only(self.path_codes[:size]),
            shop_codes=_read_only(self.shop_codes[:size]),
            price=_read_only(self.price[:size]),
            stock=_read_only(self.stock[:size]),
            status=_read_only(self.status[:size]),
            brand_table=self.brand_table,
            path_table=self.path_table,
            shop_table=self.shop_table,
            attribute_slots=_read_only(self.attribute_slots[:size]),
            attribute_table=self.attribute_table,
        )


def _read_only(column: NDArray[Number]) -> NDArray[Number]:
    column.flags.writeable = False
    return column
