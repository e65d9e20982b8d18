"""What training is fed with: one search, what the user did with it, and the history just before it."""

from dataclasses import dataclass

from multigrain.features.windows import Windows
from multigrain.text.analyzer import Grains
from multigrain.types import ItemId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One search with at least one click."""

    search_id: str
    user_id: UserId
    at_ms: int
    query: str
    grains: Grains
    """Of the query, by the analyzer that the manifest names."""
    clicked: tuple[ItemId, ...]
    """In order of the first action; what was ordered, carted or collected counts as clicked."""
    ordered: tuple[ItemId, ...]
    """A part of `clicked`, in order of the first order."""
    unclicked: tuple[ItemId, ...]
    """Shown at or above the last click and left alone, best rank first: the user most likely saw them."""
    history: Windows
