"""Catalogue columns of a few items, without a store."""

from collections.abc import Sequence

from multigrain.catalog.change import StoredItem
from multigrain.catalog.columns import CatalogueColumns
from multigrain.catalog.columns_writer import ColumnsWriter
from multigrain.catalog.memory import PrivateMemory
from multigrain.types import Item
from tests.pages import page_of


def columns_of(*items: Item) -> CatalogueColumns:
    """Columns in which the first item is number 1, the second number 2, and so on."""
    return columns_of_stored([StoredItem(number, item, number) for number, item in enumerate(items, 1)])


def columns_of_stored(stored: Sequence[StoredItem]) -> CatalogueColumns:
    """Columns of these, in order of revision, under the numbers that they have."""
    writer = ColumnsWriter(PrivateMemory())
    if stored:
        writer.put(page_of(stored))
    return writer.view
