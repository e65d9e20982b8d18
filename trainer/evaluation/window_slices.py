"""Searches whose answer only one window of history could tell: is that window used?

A search belongs to the slice of a window if the brand of what was clicked first stands in that window, within the same
top category, and in neither of the others. Withholding that window must then cost recall; where it does not, the model
does not read it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from multigrain.features.windows import LONG_TERM_ACTIONS, Windows
from multigrain.types import BehaviorColumns, Item, ItemId
from trainer.data.example import Example

WINDOWS = ("realtime", "short", "long")


@dataclass(frozen=True, slots=True)
class WindowSlice:
    """The searches that belong to one window."""

    window: str
    rows: tuple[int, ...]
    """Places in the examples."""


def slices_of(examples: Sequence[Example], items: Mapping[ItemId, Item]) -> tuple[WindowSlice, ...]:
    """One slice a window; a search is in one of them or in none."""
    telling = [_telling(example, items) for example in examples]
    return tuple(
        WindowSlice(window, tuple(row for row, name in enumerate(telling) if name == window)) for window in WINDOWS
    )


def withhold(history: Windows, window: str) -> Windows:
    """`history` without one of its windows."""
    if window == "long":
        return replace(history, long={action: BehaviorColumns() for action in LONG_TERM_ACTIONS})
    if window == "short":
        return replace(history, short=BehaviorColumns())
    return replace(history, realtime=BehaviorColumns())


def _telling(example: Example, items: Mapping[ItemId, Item]) -> str | None:
    """The one window that holds the brand; None: none does, or several do."""
    item = next((items[item_id] for item_id in example.clicked if item_id in items), None)
    if item is None or not item.brand:
        return None
    history = example.history
    parts = {"realtime": (history.realtime,), "short": (history.short,), "long": tuple(history.long.values())}
    wanted = (item.brand, item.top_category)
    holding = [name for name, rows in parts.items() if any(wanted in _brands(part) for part in rows)]
    return holding[0] if len(holding) == 1 else None


def _brands(rows: BehaviorColumns) -> set[tuple[str, str]]:
    return set(zip(rows.brands, rows.top_categories, strict=True))
