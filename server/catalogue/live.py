"""The catalogue as requests see it: columns that are changed in place, and titles that follow them."""

import logging
import time
from collections.abc import Callable

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.catalog.columns import CatalogueColumns
from multigrain.catalog.columns_writer import ColumnsWriter
from multigrain.catalog.item_page import ItemPage, pages_since
from multigrain.catalog.memory import PrivateMemory
from multigrain.errors import Unavailable
from multigrain.telemetry import LOG_FIELDS
from multigrain.types import ItemStatus
from server.catalogue.loading_progress import LoadingProgress
from server.channels.lexical_index import LexicalIndex

log = logging.getLogger(__name__)


class LiveCatalogue:
    """Refreshed by the watch; a request takes one view of the columns and keeps it to the end."""

    def __init__(
        self,
        catalogue: SqlCatalogue,
        titles: LexicalIndex,
        writer: ColumnsWriter | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`writer`: over memory that other processes read; None: over memory of this one."""
        self._catalogue = catalogue
        self._titles = titles
        self._writer = writer or ColumnsWriter(PrivateMemory())
        self._monotonic = monotonic
        self._revision = 0
        """What columns and titles both hold."""
        self._is_loaded = False
        self._progress: LoadingProgress | None = None
        """Of the first load; None: it has not begun."""

    @property
    def latest(self) -> CatalogueColumns | None:
        """The newest view; None before the first load is complete."""
        return self._writer.view if self._is_loaded else None

    @property
    def columns(self) -> CatalogueColumns:
        """The newest view. Raises Unavailable before the first load is complete."""
        if not self._is_loaded:
            raise Unavailable("the catalogue is not loaded yet: try again")
        return self._writer.view

    def refresh(self) -> None:
        """Takes over what changed. Blocks, and may raise StoreUnavailable; what was served stays, and the next one
        goes on from there.
        """
        if not self._is_loaded:
            self._load()
            return
        before = self._revision
        for page in pages_since(self._catalogue, before):
            self._take(page)
        if self._revision > before:
            fields = {"revision": self._revision, "items": self._writer.view.count}
            log.debug("catalogue refreshed", extra={LOG_FIELDS: fields})

    def _load(self) -> None:
        wanted = self._catalogue.revision()
        if self._progress is None:
            self._progress = LoadingProgress(self._catalogue.last_item_no(), self._monotonic)
        for page in pages_since(self._catalogue, self._revision):
            self._take(page)
            self._progress.add(len(page))
            if self._revision >= wanted:
                break  # what changed meanwhile is for the next refresh: requests wait
        self._writer.mark_loaded()
        self._is_loaded = True
        self._progress.finish()

    def _take(self, page: ItemPage) -> None:
        # Columns first: a title whose item the columns do not know yet would be found only to be dropped.
        self._writer.put(page)
        rows = list(zip(page.item_nos.tolist(), page.titles, page.status.tolist(), strict=True))
        self._titles.put((item_no, title) for item_no, title, status in rows if status != ItemStatus.REMOVED)
        self._titles.remove(item_no for item_no, _, status in rows if status == ItemStatus.REMOVED)
        self._revision = page.revision
