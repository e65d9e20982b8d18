"""Recall by depth, one line a stage; the depth on a logarithmic scale. Each line bears its name at its end."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.evaluation.page.charts.drawing import (
    Scale,
    drawing,
    figure,
    level_axis,
    line,
    ticks,
    upright_axis,
    words,
)
from trainer.evaluation.page.markup import Markup, tag
from trainer.evaluation.page.room import fit

HEIGHT, TOP, BOTTOM, LEFT, RIGHT = 280.0, 10.0, 246.0, 30.0, 246.0
APART = 14.0
"""Between two names, so that neither covers the other."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One stage."""

    name: str
    style: int
    """Of the style sheet: a colour and a dash."""
    points: Sequence[tuple[int, float]]
    """Depth and recall, by depth."""


def recall_curves(curves: Sequence[Curve]) -> Markup:
    """`curves`: at least one, of at least one point each."""
    depths = sorted({depth for curve in curves for depth, _ in curve.points})
    across = Scale(math.log10(depths[0]), math.log10(depths[-1]), LEFT + 6, RIGHT - 6)
    marks = ticks(0.0, max(recall for curve in curves for _, recall in curve.points))
    up = Scale(marks[0], marks[-1], BOTTOM, TOP)

    def x(depth: float) -> float:
        return across(math.log10(depth))

    names = _apart([up(curve.points[-1][1]) for curve in curves])
    chart = drawing(
        "Recall by depth, a line a stage",
        "; ".join(f"{curve.name}: {curve.points[-1][1]:.3f} at {curve.points[-1][0]}" for curve in curves),
        HEIGHT,
        *upright_axis(marks, up, LEFT, RIGHT),
        *level_axis(depths, x, TOP, BOTTOM, [f"{depth:,}" for depth in depths]),
        *(
            _curve(curve, x(curve.points[-1][0]), up, name, [(x(d), up(r)) for d, r in curve.points])
            for curve, name in zip(curves, names, strict=True)
        ),
        words((LEFT + RIGHT) / 2, BOTTOM + 25, "depth K", class_="soft", anchor="middle"),
    )
    return figure("Recall@K of clicked items, by stage", chart)


def _curve(curve: Curve, end: float, up: Scale, name_y: float, points: Sequence[tuple[float, float]]) -> Markup:
    last = points[-1][1]
    return tag(
        "g",
        tag("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), class_="curve"),
        *(tag("circle", cx=x, cy=y, r=2.4, class_="dot") for x, y in points),
        line(end + 4, last, RIGHT + 5, name_y, "leader"),
        words(RIGHT + 8, name_y, fit(curve.name, 17), class_="name"),
        class_=f"stage-{curve.style}",
    )


def _apart(wanted: Sequence[float]) -> list[float]:
    """Places as near to the wanted ones as the distance between them lets, inside the drawing."""
    order = sorted(range(len(wanted)), key=lambda at: (wanted[at], at))
    places = list(wanted)
    floor = TOP
    for at in order:
        places[at] = floor = max(wanted[at], floor)
        floor += APART
    ceiling = BOTTOM + 4
    for at in reversed(order):
        places[at] = min(places[at], ceiling)
        ceiling = places[at] - APART
    return places
