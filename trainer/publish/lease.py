"""A builder's word that it is alive. When it stops giving it, others may take its generation for abandoned."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from multigrain.errors import StoreUnavailable, WrongState
from multigrain.registry.registry import Registry
from multigrain.telemetry import LOG_FIELDS
from multigrain.types import GenerationId

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
"""Far below what a lease lasts (`registry/steps.py`), far above what a write to SQL costs."""


class Lease:
    """Renewed by a thread of its own, for one call to a store may take longer than a lease lasts."""

    def __init__(self, registry: Registry, generation_id: GenerationId, every_seconds: float = EVERY_SECONDS) -> None:
        self._registry, self._generation_id, self._every_seconds = registry, generation_id, every_seconds
        self._ended = threading.Event()
        self._lost: WrongState | None = None
        self._thread = threading.Thread(target=self._renew_on, name="lease", daemon=True)

    def check(self) -> None:
        """Raises WrongState when the generation was given up meanwhile: whatever is being done for it must stop."""
        if self._lost is not None:
            raise self._lost

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """No renewal is under way any more."""
        self._ended.set()
        self._thread.join()

    def _renew_on(self) -> None:
        while not self._ended.wait(self._every_seconds):
            try:
                self._registry.renew_lease(self._generation_id)
            except WrongState as error:
                self._lost = error
                return
            except StoreUnavailable as error:
                # It lasts for many renewals; if the store stays away, the build will meet that itself.
                fields = {"generation": self._generation_id, "why": str(error)}
                log.warning("the lease could not be renewed", extra={LOG_FIELDS: fields})


@contextmanager
def leased(registry: Registry, generation_id: GenerationId, *, every_seconds: float = EVERY_SECONDS) -> Iterator[Lease]:
    """A lease that is renewed until the block ends."""
    lease = Lease(registry, generation_id, every_seconds)
    lease.start()
    try:
        yield lease
    finally:
        lease.end()
