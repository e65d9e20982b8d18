"""One of the processes: the ordinary server, which listens when it can answer, tells the board how it stands, and
drains when it is told to or when its supervisor is gone.
"""

import time
from collections.abc import Callable
from dataclasses import replace

from multigrain.garbage import spare_what_stays
from multigrain.saved_towers import import_runtime
from multigrain.settings_in_force import current_settings
from multigrain.telemetry import start_telemetry
from server.app import build_server, wall_clock_ms
from server.lifecycle import Server
from server.processes.board import Board, Entry
from server.processes.kept_catalogue import kept_for
from server.processes.last_words import with_last_words
from server.processes.seat import Seat, share_of
from server.processes.told import Told
from server.status import Fellows

BEAT_SECONDS = 0.5
"""How often it writes how it stands."""
ROUND_SECONDS = 1.0
"""An event loop that has not come round by then is not told to be well."""

Build = Callable[[Seat, Fellows], Server]
"""Makes the server of this process, not started. The fellows are for `GetStatus`."""


def build_from_settings(seat: Seat, fellows: Fellows) -> Server:
    """On the stores that the settings name."""
    settings = current_settings()
    start_telemetry(settings.telemetry.model_copy(update={"metrics_port": 0}), process=seat.number)
    server = build_server(share_of(settings, seat), fellows, kept_for(seat))
    import_runtime()
    spare_what_stays()
    return server


def work(seat: Seat, build: Build) -> int:
    """Runs until it is told to end. Returns the exit code."""
    board, told = Board(seat.board, seat.processes), Told(seat)
    entry = Entry(number=seat.number, restarts=seat.restarts, started_ms=wall_clock_ms())
    return with_last_words(board, entry, lambda: _Worker(seat, board, entry, told).run(build))


class _Worker:
    def __init__(self, seat: Seat, board: Board, entry: Entry, told: Told) -> None:
        self._seat = seat
        self._board = board
        self._entry = entry
        self._told = told
        self._listening = False

    def run(self, build: Build) -> None:
        server = build(self._seat, lambda: self._board.all(time.monotonic()))
        self._told.patience_seconds += server.drain_seconds
        server.prepare()
        try:
            while not self._told.to_end.is_set():
                self._open_if_time(server)
                self._tell(server)
                self._told.to_end.wait(BEAT_SECONDS)
        finally:
            self._board.write(self._entry)
            server.stop()

    def _open_if_time(self, server: Server) -> None:
        if not self._listening and (self._seat.opens_at_once or server.is_ready()):
            server.open()
            self._listening = True

    def _tell(self, server: Server) -> None:
        """Nothing while the server hangs: that the entry grows old tells it."""
        if not server.comes_round(ROUND_SECONDS):
            return
        reached = server.status.reached()
        now = replace(
            self._entry,
            listening=self._listening,
            serving=self._listening and server.is_ready(),
            generation_id=reached.generation_id or "",
            catalogue_revision=reached.catalogue_revision,
            written_at=time.monotonic(),
        )
        self._board.write(now)
