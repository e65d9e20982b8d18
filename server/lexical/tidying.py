"""Which segments become one, so that a search meets few: a binary counter, in which each is twice the next at least."""

from collections.abc import Sequence

from server.lexical.shelf import Shelf

SMALL = 2048
"""Titles that are written once more with every put, rather than searched apart."""

DEAD_SHARE = 0.25
"""Of a segment: more would be looked at and thrown away by every search, and bend the word frequencies."""


def due(shelves: Sequence[Shelf]) -> slice | None:
    """The shelves to merge next, neighbours; None: nothing to do. The oldest and largest come first."""
    start, size = len(shelves), 0
    while start and _joins(shelves[start - 1].count, size):
        start -= 1
        size += shelves[start].count
    if len(shelves) - start > 1:
        return slice(start, len(shelves))
    for number, shelf in enumerate(shelves):
        if shelf.segment.count - shelf.count > DEAD_SHARE * shelf.segment.count:
            return slice(number, number + 1)
    return None


def _joins(count: int, size: int) -> bool:
    return not size or count < 2 * size or count + size <= SMALL
