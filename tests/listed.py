"""A catalogue that is a list, and the columns of it in each kind of memory."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from multigrain.catalog.change import StoredItem
from multigrain.catalog.columns import CatalogueColumns
from multigrain.catalog.columns_reader import ColumnsReader
from multigrain.catalog.columns_writer import ColumnsWriter
from multigrain.catalog.item_page import ItemPage, Pages, pages_since
from multigrain.catalog.memory import PrivateMemory, SharedMemory
from tests.builders import an_item
from tests.pages import page_of


class Listed:
    """Keeps the newest change of each item."""

    def __init__(self) -> None:
        self.newest: dict[int, StoredItem] = {}
        self.revision = 0

    def put(self, item_no: int, **changes: Any) -> None:  # Any: whatever field the test is about
        """Another item of this number, or the one that there is with these fields changed."""
        self.revision += 1
        held = self.newest.get(item_no)
        item = replace(held.item, **changes) if held else an_item(item_no, **changes)
        self.newest[item_no] = StoredItem(item_no, item, self.revision)

    def page_since(self, revision: int, limit: int) -> ItemPage | None:
        rows = sorted(self.newest.values(), key=lambda stored: stored.revision)
        page = [stored for stored in rows if stored.revision > revision][:limit]
        return page_of(page) if page else None


class Followed:
    """Columns that follow a catalogue, seen as a request sees them."""

    def __init__(self, writer: ColumnsWriter, look: Callable[[], CatalogueColumns | None]) -> None:
        self.writer = writer
        self._look = look
        writer.mark_loaded()

    def follow(self, catalogue: Pages) -> CatalogueColumns:
        """Takes over what changed; the newest view."""
        for page in pages_since(catalogue, self.writer.revision):
            self.writer.put(page)
        view = self._look()
        assert view is not None
        return view


def in_private_memory() -> Followed:
    writer = ColumnsWriter(PrivateMemory())
    return Followed(writer, lambda: writer.view)


def in_shared_memory() -> Followed:
    memory = SharedMemory.create()
    writer = ColumnsWriter(memory)
    memory.close()
    return Followed(writer, lambda: writer.view)


def attached() -> Followed:
    """Written through one mapping, read through another, as by another process."""
    memory = SharedMemory.create()
    read = SharedMemory.to_read(os.dup(memory.fd))
    writer, reader = ColumnsWriter(memory), ColumnsReader(read)
    memory.close()
    read.close()
    return Followed(writer, lambda: reader.latest)


KINDS = {"private": in_private_memory, "shared": in_shared_memory, "attached": attached}
