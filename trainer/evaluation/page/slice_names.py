"""Slices by name: `frequency: tail` is the label `tail` of the dimension `frequency`."""

from collections.abc import Iterable

from trainer.evaluation.report import ALL


def label_of(part: str) -> str:
    """`tail` of `frequency: tail`."""
    return part.partition(": ")[2] or part


def by_dimension(parts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Dimension -> its slices, both as they come; without the slice of all searches."""
    groups: dict[str, list[str]] = {}
    for part in dict.fromkeys(parts):
        if part != ALL:
            dimension, colon, _ = part.partition(": ")
            groups.setdefault(dimension if colon else "other", []).append(part)
    return {dimension: tuple(group) for dimension, group in groups.items()}
