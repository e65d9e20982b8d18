"""Catalogue columns of a few items, without a store."""

from collections.abc import Sequence

from multigrain.catalog.change import StoredItem
from multigrain.catalog.columns import CatalogueColumns
from multigrain.types import Item


class _Given:
    def __init__(self, items: Sequence[Item]) -> None:
        self._rows = [StoredItem(number, item, number) for number, item in enumerate(items, 1)]

    def changed_since(self, revision: int, limit: int) -> list[StoredItem]:
        return [row for row in self._rows if row.revision > revision][:limit]


def columns_of(*items: Item) -> CatalogueColumns:
    """Columns in which the first item is number 1, the second number 2, and so on."""
    return CatalogueColumns().refreshed(_Given(items))
