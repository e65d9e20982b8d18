"""What was measured of each setting, as a picture: how much recall costs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

INCHES = (7.5, 4.6)
MISSES_LEAST = 1e-4
"""Where the picture ends: none missed has no place on its scale."""
APART = 0.15
"""In powers of ten of what is missed: labels nearer than this would lie on one another."""


@dataclass(frozen=True, slots=True)
class Point:
    """One setting."""

    setting: str
    recall: float
    median_ms: float
    p95_ms: float
    is_chosen: bool


def write_curve(title: str, points: Sequence[Point], recall: float, path: Path) -> None:
    """Recall upwards, by what is missed, so that 0.98 and 0.99 stand apart; milliseconds to the right."""
    # The salt makes the same figures the same bytes; "none" leaves words as words.
    with rc_context({"svg.hashsalt": "multigrain", "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=INCHES, layout="constrained")
        axes = figure.subplots()
        for point in points:
            missed = _missed(point)
            color = "C3" if point.is_chosen else "C0"
            axes.plot([point.median_ms, point.p95_ms], [missed, missed], color=color, alpha=0.4, linewidth=1.5)
            axes.plot(point.median_ms, missed, "o", color=color, markersize=8 if point.is_chosen else 5)
        for point in _labelled(points):
            place = (point.median_ms, _missed(point))
            axes.annotate(point.setting, place, (5, 5), textcoords="offset points", fontsize=8)
        axes.axhline(max(1 - recall, MISSES_LEAST), color="black", linewidth=0.8, linestyle="--")
        axes.set_yscale("log")
        axes.invert_yaxis()
        axes.yaxis.set_major_formatter(lambda missed, _: f"{1 - missed:g}" if missed > MISSES_LEAST else "all")
        axes.set_xlabel("milliseconds of one search: median (dot) to 95th percentile (line)")
        axes.set_ylabel("recall against exact search")
        axes.grid(alpha=0.3)
        axes.set_title(title)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _missed(point: Point) -> float:
    return max(1 - point.recall, MISSES_LEAST)


def _labelled(points: Sequence[Point]) -> list[Point]:
    """The chosen one, and of the others those that leave its name and each other's readable."""
    labelled: list[Point] = []
    for point in sorted(points, key=lambda point: not point.is_chosen):
        if all(abs(math.log10(_missed(point) / _missed(other))) >= APART for other in labelled):
            labelled.append(point)
    return labelled
