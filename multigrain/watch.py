"""What is done again and again beside the main work: a server looks for what changed, a stream keeps house."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from multigrain.telemetry import LOG_FIELDS

log = logging.getLogger(__name__)

Refresh = Callable[[], object]
"""One look; blocks, and may raise anything. What was there before stays."""


class Watch:
    """A thread for each refresh: while a model loads for a minute, prices must go on changing."""

    def __init__(
        self,
        refreshes: Sequence[Refresh],
        *,
        every_seconds: float,
        first_after_seconds: float = 0.0,
        after_each: Callable[[], None] = lambda: None,
    ) -> None:
        self._every_seconds = every_seconds
        self._first_after_seconds = first_after_seconds
        self._after_each = after_each
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(refresh,), name="watch", daemon=True) for refresh in refreshes
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """No further look is begun."""
        self._stopped.set()

    def join(self, *, seconds: float) -> None:
        """Returns when the threads have ended; a load that takes longer than this is left behind."""
        ends_at = time.monotonic() + seconds
        for thread in self._threads:
            if thread.ident is not None:  # one that was never started has ended, too
                thread.join(max(0.0, ends_at - time.monotonic()))

    def _run(self, refresh: Refresh) -> None:
        failing = False
        self._stopped.wait(self._first_after_seconds)
        while not self._stopped.is_set():
            failing = not self._try(refresh, failing=failing)
            self._after_each()
            self._stopped.wait(self._every_seconds)

    def _try(self, refresh: Refresh, *, failing: bool) -> bool:
        """Whether it went well."""
        try:
            refresh()
        except Exception as error:  # a store may be down for an hour: the watch must outlive it
            if not failing:
                # Once with everything, then silence until it is well again: not two tracebacks a second.
                log.exception("a regular look fails, what was there stays", extra={LOG_FIELDS: {"error": str(error)}})
            return False
        if failing:
            log.info("the regular look works again")
        return True
