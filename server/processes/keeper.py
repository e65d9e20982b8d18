"""Process 0: reads what changed in the catalogue, once for all the others, and answers nobody.

It writes columns into memory that the others have attached, and titles into a folder that they map. So the catalogue is
read and held once, and what cuts titles into words takes no time from a request. While it is away the others answer
from what it left; its successor goes on in the same memory.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.catalog.columns_writer import ColumnsWriter
from multigrain.catalog.memory import SharedMemory
from multigrain.settings_in_force import current_settings
from multigrain.telemetry import start_telemetry
from multigrain.watch import Watch
from server.catalogue.live import LiveCatalogue
from server.channels.lexical_index import LexicalIndex
from server.lexical.folder import SnapshotWriter
from server.lexical.snapshot import Snapshot
from server.processes.board import Board, Entry
from server.processes.last_words import with_last_words
from server.processes.seat import Seat
from server.processes.told import Told

BEAT_SECONDS = 0.5
JOIN_SECONDS = 2.0
"""A page that is being taken over is finished in that; the memory would not mind if it were not."""

Open = Callable[[Seat], tuple[SqlCatalogue, float]]
"""The catalogue, and how often to look, in seconds."""


def open_from_settings(seat: Seat) -> tuple[SqlCatalogue, float]:
    """The one that the settings name."""
    settings = current_settings()
    start_telemetry(settings.telemetry.model_copy(update={"metrics_port": 0}), process=seat.number)
    # One reads; a second connection is for the moment in which the first was lost.
    engine = database.open_database(settings.database_url, pool_size=2)
    return SqlCatalogue(engine), settings.server.registry_poll_ms / 1000


def keep(seat: Seat, open_catalogue: Open) -> int:
    """Runs until it is told to end. Returns the exit code."""
    board, told = Board(seat.board, seat.processes), Told(seat)
    entry = Entry(number=seat.number, restarts=seat.restarts, started_ms=time.time_ns() // 1_000_000)

    def run() -> None:
        catalogue, seconds = open_catalogue(seat)
        keeper = Keeper(catalogue, ColumnsWriter(SharedMemory.to_write(seat.columns)), Path(seat.titles))
        watch = Watch([keeper.refresh], every_seconds=seconds)
        watch.start()
        while not told.to_end.wait(BEAT_SECONDS):
            revision = keeper.revision
            board.write(
                replace(
                    entry,
                    serving=revision is not None,
                    catalogue_revision=revision or 0,
                    written_at=time.monotonic(),
                )
            )
        watch.stop()
        watch.join(seconds=JOIN_SECONDS)
        if told.orphaned:
            # The supervisor would have removed it. Who has it open keeps it.
            shutil.rmtree(seat.titles, ignore_errors=True)

    return with_last_words(board, entry, run)


class Keeper:
    """Keeps columns and titles up with the catalogue."""

    def __init__(self, catalogue: SqlCatalogue, columns: ColumnsWriter, titles: Path) -> None:
        """`titles`: a folder."""
        self._index = LexicalIndex()
        self._live = LiveCatalogue(catalogue, self._index, columns)
        self._folder = SnapshotWriter(titles)
        self._written: Snapshot | None = None

    @property
    def revision(self) -> int | None:
        """Up to which everything is there. None: nothing is complete yet."""
        latest = self._live.latest
        return None if latest is None else latest.revision

    def refresh(self) -> None:
        """For the watch. May raise StoreUnavailable; then it goes on later from where it came to."""
        self._live.refresh()
        # Not before everything is there: what a predecessor left is more than half of it.
        if (snapshot := self._index.snapshot) is not self._written:
            self._folder.write(snapshot)
            self._written = snapshot
