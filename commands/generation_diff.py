"""What two generations differ in: bundle, index, scores and state, one line a fact."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multigrain.registry.generation import Generation

NOT_THERE = "-"


def differences(first: "Generation", second: "Generation") -> list[tuple[str, str, str]]:
    """Name of the fact, and what it is in each; facts that agree are left out."""
    left, right = dict(_facts(first)), dict(_facts(second))
    names = [*left, *(name for name in right if name not in left)]
    rows = [(name, left.get(name, NOT_THERE), right.get(name, NOT_THERE)) for name in names]
    return [row for row in rows if row[1] != row[2]]


def _facts(generation: "Generation") -> Iterator[tuple[str, str]]:
    yield "state", generation.state.value
    yield "bundle", generation.bundle_id
    yield from _nested("bundle", _manifest(generation))
    yield "dims", str(generation.dims)
    yield from _nested("index", generation.index_spec)
    yield "catalogue revision", f"{generation.catalogue_revision:,}"
    for name, value in sorted(generation.scores.items()):
        yield f"score {name}", f"{value:.4f}"
    verdict = generation.verdict
    yield "gate", "not asked" if verdict is None else "passed" if verdict.passed else "; ".join(verdict.refusals)
    yield "override", generation.override
    yield "note", generation.note


def _nested(name: str, value: object) -> Iterator[tuple[str, str]]:
    """'bundle windows.short_days', '10': so that one changed knob is one line."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _nested(f"{name} {key}", inner)
    else:
        yield name, f"{value:.6g}" if isinstance(value, float) else str(value)


def _manifest(generation: "Generation") -> Mapping[str, object]:
    """What the bundle says of itself, but for the digests of its files. The folder may be elsewhere."""
    from multigrain.bundle import open_bundle
    from multigrain.errors import MultigrainError

    try:
        manifest = open_bundle(Path(generation.bundle_path)).manifest
    except (MultigrainError, OSError):
        return {"folder": f"{generation.bundle_path} cannot be read here"}
    return manifest.model_dump(mode="json", exclude={"files", "bundle_id"})
