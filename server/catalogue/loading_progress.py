"""How far the first load of the catalogue has come, told to whoever waits for the server."""

import logging
from collections.abc import Callable

from multigrain.telemetry import LOG_FIELDS

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0


class LoadingProgress:
    """A line at the start, one every few seconds, one at the end."""

    def __init__(self, items: int, monotonic: Callable[[], float]) -> None:
        """`items`: how many the catalogue has."""
        self._items = items
        self._monotonic = monotonic
        self._started = self._told = monotonic()
        self._loaded = 0
        log.info("loading the catalogue", extra={LOG_FIELDS: {"of": items}})

    def add(self, items: int) -> None:
        """So many more are loaded."""
        self._loaded += items
        now = self._monotonic()
        if now - self._told >= EVERY_SECONDS:
            self._told = now
            self._tell("loading the catalogue", now)

    def finish(self) -> None:
        """All that there were at the start are loaded."""
        self._tell("the catalogue is loaded", self._monotonic())

    def _tell(self, message: str, now: float) -> None:
        seconds = max(now - self._started, 1e-3)
        fields = {"items": self._loaded, "of": self._items, "items_per_second": round(self._loaded / seconds)}
        log.info(message, extra={LOG_FIELDS: fields})
