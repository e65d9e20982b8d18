"""The registry of generations. Switching is one atomic write here; nothing else decides what is live."""

from collections.abc import Sequence
from typing import Protocol

from multigrain.registry.generation import Evaluated, GateVerdict, Generation
from multigrain.types import GenerationId


class Registry(Protocol):
    """One contract suite, tests/contract/test_registry.py, runs over every implementation.

    Every method may block and may raise StoreUnavailable. A step from the wrong state raises WrongState with both
    states; an unknown id raises NotFound with the ids that exist.
    """

    def create(self, generation: Generation) -> None:
        """Adds it in state building. An id that exists raises WrongState."""
        ...

    def get(self, generation_id: GenerationId) -> Generation: ...

    def list(self) -> Sequence[Generation]:
        """All of them, newest first."""
        ...

    def live(self) -> Generation | None:
        """The live one; None before the first promotion."""
        ...

    def open(self) -> Sequence[Generation]:
        """Those that the stream feeds: building, ready, live."""
        ...

    def mark_ready(self, generation_id: GenerationId, evaluated: Evaluated) -> None:
        """building -> ready, with what was measured and what the gate said of it."""
        ...

    def keep_verdict(self, generation_id: GenerationId, verdict: GateVerdict) -> None:
        """What the gate says of a ready generation, in place of what it said before."""
        ...

    def fail(self, generation_id: GenerationId, note: str) -> None:
        """building or ready -> failed, with the reason."""
        ...

    def promote(self, generation_id: GenerationId, *, note: str = "", override: str = "") -> None:
        """ready -> live, or retired -> live (a rollback by name); the live one retires in the same write.

        Raises GateRefused for a ready one that the gate did not let pass against the one that is live, unless
        `override` says why it goes live all the same; that reason is kept.
        """
        ...

    def rollback(self) -> Generation:
        """Makes the generation live that was live before; returns it. None to go back to: NotFound."""
        ...
