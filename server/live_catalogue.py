"""The catalogue as requests see it: columns that are replaced in one step, and titles that follow them."""

import logging

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.catalog.columns import CatalogueColumns
from multigrain.errors import Unavailable
from multigrain.telemetry import LOG_FIELDS
from multigrain.types import ItemStatus
from server.channels.lexical_index import LexicalIndex

log = logging.getLogger(__name__)

ROWS_AT_ONCE = 5000
"""Titles taken over in one step: a search waits for at most that."""


class LiveCatalogue:
    """Refreshed by the watch; a request takes one snapshot of the columns and keeps it to the end."""

    def __init__(self, catalogue: SqlCatalogue, titles: LexicalIndex) -> None:
        self._catalogue = catalogue
        self._titles = titles
        self._titles_revision = 0
        self._columns: CatalogueColumns | None = None

    @property
    def latest(self) -> CatalogueColumns | None:
        """The newest snapshot; None before the first refresh."""
        return self._columns

    @property
    def columns(self) -> CatalogueColumns:
        """The newest snapshot. Raises Unavailable before the first refresh."""
        if self._columns is None:
            raise Unavailable("the catalogue is not loaded yet: try again")
        return self._columns

    def refresh(self) -> None:
        """Takes over what changed. Blocks, and may raise StoreUnavailable; what was served stays."""
        columns = (self._columns or CatalogueColumns()).refreshed(self._catalogue)
        # Columns first: a title whose item the columns do not know yet would be found only to be dropped.
        self._columns = columns
        if self._titles_revision < columns.revision:
            self._refresh_titles()
            fields = {"revision": columns.revision, "items": columns.count}
            log.debug("catalogue refreshed", extra={LOG_FIELDS: fields})

    def _refresh_titles(self) -> None:
        while changed := self._catalogue.changed_since(self._titles_revision, ROWS_AT_ONCE):
            there = [row for row in changed if row.item.status is not ItemStatus.REMOVED]
            self._titles.put((row.item_no, row.item.title) for row in there)
            self._titles.remove(row.item_no for row in changed if row.item.status is ItemStatus.REMOVED)
            self._titles_revision = changed[-1].revision
