"""The columns that another process keeps fresh."""

from multigrain.catalog.column_store import ColumnStore
from multigrain.catalog.columns import CatalogueColumns
from multigrain.catalog.memory import Memory


class ColumnsReader:
    """Attached to a writer's memory; it may come before the writer, and stays when another writer takes over."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._store = ColumnStore(memory)
        self._view: CatalogueColumns | None = None

    @property
    def latest(self) -> CatalogueColumns | None:
        """As the writer has them at this moment; None before its first load is complete."""
        head = self._store.head
        if not head.is_loaded[0]:
            return None
        if self._view is None or self._view.revision != head.revision[0]:
            self._view = self._store.view()
        return self._view
