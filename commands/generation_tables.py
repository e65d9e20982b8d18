"""Generations as a table for people, and as JSON for programs."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from commands.output import Output

if TYPE_CHECKING:
    from multigrain.registry.generation import Generation

IN_THE_LIST = ("recall@100", "canary_recall")


def show(output: Output, generations: "Sequence[Generation]", *, whole: bool) -> None:
    output.table(
        "Generations, newest first",
        ("generation", "state", "bundle", "index", "changed (UTC)", "measured", "gate", "note"),
        [
            (
                generation.generation_id,
                _state(generation),
                generation.bundle_id,
                str(generation.index_spec.get("kind", "?")),
                datetime.fromtimestamp(generation.changed_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S"),
                _measured(generation, whole=whole),
                _gate(generation),
                generation.note,
            )
            for generation in generations
        ],
    )
    output.result({"generations": [_as_json(generation) for generation in generations]})


def _state(generation: "Generation") -> str:
    """'retired, no index': it cannot go live again."""
    return generation.state.value if generation.dropped_ms is None else f"{generation.state.value}, no index"


def _measured(generation: "Generation", *, whole: bool) -> str:
    """Every score when one generation is looked at, the two that decide in a list."""
    shown = {name: value for name, value in generation.scores.items() if whole or name in IN_THE_LIST}
    return "\n".join(f"{name} {value:.3f}" for name, value in shown.items())


def _gate(generation: "Generation") -> str:
    """What the gate said, and who went past it why."""
    verdict = generation.verdict
    said = "not asked" if verdict is None else "passed" if verdict.passed else "\n".join(verdict.refusals)
    return f"{said}\noverridden: {generation.override}" if generation.override else said


def _as_json(generation: "Generation") -> dict[str, object]:
    return {
        "generation_id": generation.generation_id,
        "state": str(generation.state),
        "bundle_id": generation.bundle_id,
        "bundle_path": generation.bundle_path,
        "collection": generation.collection,
        "index_spec": dict(generation.index_spec),
        "catalogue_revision": generation.catalogue_revision,
        "scores": dict(generation.scores),
        "created_ms": generation.created_ms,
        "changed_ms": generation.changed_ms,
        "note": generation.note,
        "gate": None if generation.verdict is None else asdict(generation.verdict),
        "override": generation.override,
        "lease_until_ms": generation.lease_until_ms,
        "dropped_ms": generation.dropped_ms,
    }
