"""What training is fed with: one search, what the user did with it, and the history just before it."""

from dataclasses import dataclass

from multigrain.features.windows import Windows
from multigrain.types import ItemId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One search with at least one click."""

    search_id: str
    user_id: UserId
    at_ms: int
    query: str
    clicked: tuple[ItemId, ...]
    """In order of the first click; what was ordered, carted or collected counts as clicked."""
    ordered: tuple[ItemId, ...]
    """A part of `clicked`."""
    unclicked: tuple[ItemId, ...]
    """Shown at or above the last click and left alone, best rank first: the user most likely saw them."""
    history: Windows
