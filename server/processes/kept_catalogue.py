"""The catalogue of a process that shares a port: columns and titles lie in memory once, kept by another process."""

from pathlib import Path

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.catalog.columns import CatalogueColumns
from multigrain.catalog.columns_reader import ColumnsReader
from multigrain.catalog.memory import SharedMemory
from multigrain.errors import Unavailable
from server.catalogue.served import Held, ServedCatalogue
from server.channels.lexical_reader import LexicalReader
from server.processes.seat import Seat


class KeptCatalogue:
    """Columns change under it as the keeper writes them; titles are taken over by `refresh`."""

    def __init__(self, columns: ColumnsReader, titles: LexicalReader) -> None:
        self._columns = columns
        self._titles = titles
        self._has_titles = False

    @property
    def latest(self) -> CatalogueColumns | None:
        """The newest view; None before the keeper has loaded everything."""
        return self._columns.latest if self._has_titles else None

    @property
    def columns(self) -> CatalogueColumns:
        """The newest view. Raises Unavailable before the keeper has loaded everything."""
        latest = self.latest
        if latest is None:
            raise Unavailable("the catalogue is not loaded yet: try again")
        return latest

    def refresh(self) -> None:
        """Looks for titles that were laid down since. Reads a small file where there are none."""
        if self._titles.refresh():
            self._has_titles = True


def kept_for(seat: Seat) -> Held:
    """What the keeper of this seat's supervisor keeps; it reads the changes, and nobody else."""

    def attach(catalogue: SqlCatalogue) -> ServedCatalogue:
        titles = LexicalReader(Path(seat.titles))
        return ServedCatalogue(KeptCatalogue(ColumnsReader(SharedMemory.to_read(seat.columns)), titles), titles)

    return attach
