"""Which step a generation may take from which state. Pure: who stores the result is another matter."""

from collections.abc import Callable, Iterable

from multigrain.errors import NotFound, WrongState
from multigrain.registry.generation import Generation, GenerationState
from multigrain.types import GenerationId

Clock = Callable[[], int]
"""Milliseconds since 1970."""

FROM: dict[GenerationState, tuple[GenerationState, ...]] = {
    GenerationState.READY: (GenerationState.BUILDING,),
    GenerationState.FAILED: (GenerationState.BUILDING, GenerationState.READY),
    GenerationState.LIVE: (GenerationState.READY, GenerationState.RETIRED),
}


def require_step(generation: Generation, to: GenerationState) -> None:
    """Raises WrongState unless the generation may become `to`."""
    if generation.state not in FROM[to]:
        allowed = " or ".join(FROM[to])
        raise WrongState(
            f"generation {generation.generation_id} is {generation.state} and cannot become {to}: "
            f"only one that is {allowed} can"
        )


def unknown(generation_id: GenerationId, existing: Iterable[GenerationId]) -> NotFound:
    return NotFound(f"no generation {generation_id}: there are {', '.join(existing) or 'none'}")


def exists(generation_id: GenerationId) -> WrongState:
    return WrongState(f"generation {generation_id} exists: choose another id")


def nothing_before(live: GenerationId | None) -> NotFound:
    if live is None:
        return NotFound("no generation is live, so there is nothing to roll back: promote one")
    return NotFound(f"no generation was live before {live}: promote one by name")
