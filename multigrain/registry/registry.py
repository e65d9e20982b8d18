"""The registry of generations. Switching is one atomic write here; nothing else decides what is live."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import sqlalchemy as sa

from multigrain.registry.generation import Evaluated, GateVerdict, Generation
from multigrain.types import GenerationId


class Registry(Protocol):
    """One contract suite, tests/contract/test_registry.py, runs over every implementation.

    Every method may block and may raise StoreUnavailable. A step from the wrong state raises WrongState with both
    states; an unknown id raises NotFound with the ids that exist.
    """

    def within(self, connection: sa.Connection) -> "Registry":
        """This registry inside the transaction that is open there: what it writes counts when that commits.

        One that is not kept in SQL returns itself.
        """
        ...

    def create(self, generation: Generation) -> None:
        """Adds it in state building, with a lease for its builder. An id that exists raises WrongState."""
        ...

    def renew_lease(self, generation_id: GenerationId) -> None:
        """Its builder is alive. Raises WrongState when it was given up meanwhile: the builder must stop."""
        ...

    def get(self, generation_id: GenerationId) -> Generation: ...

    def list(self) -> Sequence[Generation]:
        """All of them, newest first."""
        ...

    def live(self) -> Generation | None:
        """The live one; None before the first promotion."""
        ...

    def fed(self) -> Sequence[Generation]:
        """Those whose indexes the stream keeps fresh: ready, live, and retired ones that still have their index."""
        ...

    def mark_ready(self, generation_id: GenerationId, evaluated: Evaluated) -> None:
        """building -> ready, with what was measured and what the gate said of it."""
        ...

    def keep_verdict(self, generation_id: GenerationId, verdict: GateVerdict) -> None:
        """What the gate says of a ready generation, in place of what it said before."""
        ...

    def keep_index_spec(self, generation_id: GenerationId, index_spec: Mapping[str, object]) -> None:
        """How its index is searched from now on. Raises WrongState for one that has no whole index."""
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

    def rollback(self, *, live: GenerationId | None = None, note: str = "") -> Generation:
        """Makes the generation live that was live before; returns it. None to go back to: NotFound.

        `live`: the one to roll back from; raises WrongState when another is live by then, so that of several who notice
        the same trouble only one rolls back. None: whichever is live.
        """
        ...

    def retire(self, generation_id: GenerationId, *, note: str = "") -> None:
        """ready -> retired: nobody wants it to go live."""
        ...

    def give_up_abandoned(self) -> Sequence[Generation]:
        """building -> failed for those whose builder has not renewed its lease; returns them."""
        ...

    def drop_retired(self, *, keep: int, rested_ms: int) -> Sequence[Generation]:
        """Takes their indexes from retired ones, and returns them: all but the `keep` that retired last and those that
        retired less than `rested_ms` ago, for a server may still be answering from them.

        The indexes themselves are dropped by the caller, afterwards.
        """
        ...
