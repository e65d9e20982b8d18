"""Which step a generation may take from which state. Pure: who stores the result is another matter."""

from collections.abc import Callable, Iterable

from multigrain.errors import GateRefused, NotFound, WrongState
from multigrain.registry.generation import Generation, GenerationState
from multigrain.types import GenerationId

Clock = Callable[[], int]
"""Milliseconds since 1970."""

FROM: dict[GenerationState, tuple[GenerationState, ...]] = {
    GenerationState.READY: (GenerationState.BUILDING,),
    GenerationState.FAILED: (GenerationState.BUILDING, GenerationState.READY),
    GenerationState.LIVE: (GenerationState.READY, GenerationState.RETIRED),
    GenerationState.RETIRED: (GenerationState.READY,),
}
"""The live one retires with the promotion of another, by no step of its own."""

LEASE_MS = 120_000
"""A builder renews it every few seconds, but for one call to a store that may take most of a minute."""


def require_step(generation: Generation, to: GenerationState) -> None:
    """Raises WrongState unless the generation may become `to`."""
    if generation.state not in FROM[to]:
        allowed = " or ".join(FROM[to])
        raise WrongState(
            f"generation {generation.generation_id} is {generation.state} and cannot become {to}: "
            f"only one that is {allowed} can"
        )
    if generation.dropped_ms is not None:
        raise WrongState(
            f"generation {generation.generation_id} has no index any more and cannot become {to}: publish it again"
        )


def require_index(generation: Generation) -> None:
    """Raises WrongState unless the generation has a finished index."""
    if not generation.is_fed:
        dropped = "has lost its index" if generation.dropped_ms is not None else f"is {generation.state}"
        raise WrongState(f"generation {generation.generation_id} {dropped}: choose one that is ready, live or retired")


def require_builder(generation: Generation) -> None:
    """Raises WrongState unless the generation is being built."""
    if generation.state is not GenerationState.BUILDING:
        raise WrongState(
            f"generation {generation.generation_id} is {generation.state} ({generation.note or 'no reason kept'}): "
            "whoever builds it must stop"
        )


def require_live(live: GenerationId | None, expected: GenerationId | None) -> None:
    """Raises WrongState when another one is live than is expected. None: any."""
    if expected is not None and live != expected:
        raise WrongState(f"{live or 'none'} is live, not {expected}: look again before rolling back")


def is_abandoned(generation: Generation, now_ms: int) -> bool:
    """Whether it is being built by nobody."""
    is_building = generation.state is GenerationState.BUILDING
    return is_building and (generation.lease_until_ms is None or generation.lease_until_ms < now_ms)


ABANDONED = "its builder has gone without a word: publish it again"


def to_drop(generations: Iterable[Generation], *, keep: int, retired_before_ms: int) -> list[Generation]:
    """Retired ones beyond the newest `keep`, of those that retired before that time."""
    retired = [one for one in generations if one.state is GenerationState.RETIRED and one.dropped_ms is None]
    newest_first = sorted(retired, key=lambda one: (-one.changed_ms, one.generation_id))
    return [one for one in newest_first[keep:] if one.changed_ms <= retired_before_ms]


def require_ready(generation: Generation) -> None:
    """Raises WrongState unless the generation is ready: what the gate says of others changes nothing."""
    if generation.state is not GenerationState.READY:
        raise WrongState(
            f"generation {generation.generation_id} is {generation.state}: the gate judges only one that is ready"
        )


def require_gate(generation: Generation, live: GenerationId | None, override: str) -> None:
    """Raises GateRefused unless the gate let this ready generation pass against what is live, or a person overrides.

    One that was live before has passed, or was overridden, then: going back must never wait for an evaluation.
    """
    verdict, name = generation.verdict, generation.generation_id
    if generation.state is not GenerationState.READY or override or generation.override:
        return
    cure = f"multigrain evaluate {name} --gate, or promote it with --override 'why'"
    if verdict is None:
        raise GateRefused(f"generation {name} has not been through the gate: {cure}")
    if verdict.refusals or not verdict.passed:
        raise GateRefused(f"the gate refused generation {name}: {'; '.join(verdict.refusals)}: {cure}")
    if verdict.against != live:
        compared = f"compared with {verdict.against}" if verdict.against else "compared with none"
        raise GateRefused(f"generation {name} was {compared}, and {live or 'none'} is live now: {cure}")


def unknown(generation_id: GenerationId, existing: Iterable[GenerationId]) -> NotFound:
    return NotFound(f"no generation {generation_id}: there are {', '.join(existing) or 'none'}")


def exists(generation_id: GenerationId) -> WrongState:
    return WrongState(f"generation {generation_id} exists: choose another id")


def nothing_before(live: GenerationId | None) -> NotFound:
    if live is None:
        return NotFound("no generation is live, so there is nothing to roll back: promote one")
    return NotFound(f"no generation was live before {live}: promote one by name")
