"""What a process hears from its supervisor: that it should end, and that nobody is there any more."""

import logging
import os
import signal
import threading
import time
from types import FrameType

from multigrain.telemetry import LOG_FIELDS
from server.processes.ending import EXIT_OURS, MARGIN_SECONDS
from server.processes.seat import Seat

log = logging.getLogger(__name__)


class Told:
    """Made first of all, in the main thread: who is told to stop while it imports must not miss it."""

    def __init__(self, seat: Seat) -> None:
        self.to_end = threading.Event()
        self.orphaned = False
        self.patience_seconds = MARGIN_SECONDS
        """How long the end may take when nobody is left who would enforce it."""
        self._seat = seat
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        # It restarts processes when the supervisor gets it; one that got it by mistake goes on.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        threading.Thread(target=self._hold_the_lifeline, name="lifeline", daemon=True).start()

    def _end(self, number: int, frame: FrameType | None) -> None:
        self.to_end.set()

    def _hold_the_lifeline(self) -> None:
        while os.read(self._seat.lifeline, 1):
            pass
        log.error("the supervisor is gone: stopping", extra={LOG_FIELDS: {"number": self._seat.number}})
        self.orphaned = True
        self.to_end.set()
        time.sleep(self.patience_seconds)
        os._exit(EXIT_OURS)
