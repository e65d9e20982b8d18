"""A number that was measured, beside what it should be and what the machine could do at best."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number. A target that is missed is shown as missed, never left out."""

    name: str
    value: float
    """The median where it was measured more than once."""
    unit: str
    spread: tuple[float, float] | None = None
    """Lowest and highest of the repeats. None: measured once."""
    target: float | None = None
    """None: no target."""
    at_most: bool = True
    """Whether the target is a ceiling (a time) or a floor (a rate)."""
    limit: float | None = None
    """What the bare machine, or the bare part below us, reached in the same run. None: nothing to hold it against."""
    limit_name: str = ""

    @classmethod
    def of(cls, name: str, samples: Sequence[float], unit: str, **more: Any) -> "Figure":  # Any: the fields above
        """The median of repeated measurements, with their spread."""
        return cls(name=name, value=statistics.median(samples), unit=unit, spread=(min(samples), max(samples)), **more)

    @property
    def holds(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target

    @property
    def ratio(self) -> float | None:
        """value / limit; None without a limit."""
        return self.value / self.limit if self.limit else None

    def as_json(self) -> dict[str, Any]:  # Any: a JSON object
        row: dict[str, Any] = {"name": self.name, "value": self.value, "unit": self.unit}
        if self.spread is not None:
            row |= {"low": self.spread[0], "high": self.spread[1]}
        if self.target is not None:
            row |= {"target": self.target, "holds": self.holds}
        if self.limit is not None:
            row |= {"limit": self.limit, "limit_name": self.limit_name, "ratio": self.ratio}
        return row
