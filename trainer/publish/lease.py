"""A builder's word that it is alive. When it stops giving it, others may take its generation for abandoned."""

from multigrain.registry.registry import Registry
from multigrain.types import GenerationId
from trainer.progress import Clock

EVERY_SECONDS = 5.0
"""Far below what a lease lasts (`registry/steps.py`), far above what a write to SQL costs."""


class Lease:
    """`renew` as often as you like; the registry hears of it every few seconds."""

    def __init__(self, registry: Registry, generation_id: GenerationId, clock: Clock) -> None:
        self._registry, self._generation_id, self._clock = registry, generation_id, clock
        self._renewed = clock()

    def renew(self) -> None:
        """Raises WrongState when the generation was given up meanwhile: whatever is being done for it must stop."""
        if self._clock() - self._renewed >= EVERY_SECONDS:
            self._registry.renew_lease(self._generation_id)
            self._renewed = self._clock()
