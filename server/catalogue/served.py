"""The catalogue that requests are answered from, and who keeps it fresh: this process itself, or another one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.catalog.columns import CatalogueColumns
from server.catalogue.live import LiveCatalogue
from server.channels.lexical import Titles
from server.channels.lexical_index import LexicalIndex


class Catalogue(Protocol):
    """`LiveCatalogue`, or a `KeptCatalogue` that another process keeps."""

    @property
    def latest(self) -> CatalogueColumns | None:
        """The newest view; None before the first load is complete."""
        ...

    @property
    def columns(self) -> CatalogueColumns:
        """The newest view. Raises Unavailable before the first load is complete."""
        ...

    def refresh(self) -> None:
        """For the watch. May block and raise; what was served stays."""
        ...


@dataclass(frozen=True, slots=True)
class ServedCatalogue:
    """Columns to judge on, and titles to search."""

    columns: Catalogue
    titles: Titles
    close: Callable[[], None] = lambda: None


Held = Callable[[SqlCatalogue], ServedCatalogue]
"""How a server comes to it. Nothing is read yet."""


def held_here(catalogue: SqlCatalogue) -> ServedCatalogue:
    """In the memory of this process, which reads the changes itself."""
    titles = LexicalIndex()
    return ServedCatalogue(LiveCatalogue(catalogue, titles), titles, titles.close)
