"""Differences with their intervals around 0: what leaves the line of 0 out is sure."""

import math
from collections.abc import Sequence

from trainer.evaluation.bootstrap import Difference
from trainer.evaluation.page.charts.drawing import Scale, drawing, figure, level_axis, line, ticks, words
from trainer.evaluation.page.markup import Markup, tag
from trainer.evaluation.page.metric_names import change, direction
from trainer.evaluation.page.room import fit
from trainer.evaluation.report import TINY

ROW, TOP, LEFT, RIGHT = 24.0, 8.0, 118.0, 294.0


def reach_of(differences: Sequence[Difference]) -> tuple[float, float]:
    """From the lowest to the highest end, 0 among them: a scale that several charts can share."""
    ends = [end for found in differences for end in (found.low, found.high) if math.isfinite(end)]
    return min([0.0, *ends]), max([0.0, *ends])


def forest(metric: str, caption: str, rows: Sequence[tuple[str, Difference]], reach: tuple[float, float]) -> Markup:
    """`rows`: label and difference, none of them over no searches."""
    marks = ticks(*reach, count=3)
    x = Scale(marks[0], marks[-1], LEFT, RIGHT)
    bottom = TOP + ROW * len(rows)
    chart = drawing(
        f"{metric}, differences: {caption}",
        "; ".join(f"{label}: {change(metric, found.mean)}" for label, found in rows),
        bottom + 20,
        *level_axis(marks, x, TOP, bottom),
        line(x(0.0), TOP - 4, x(0.0), bottom, "zero"),
        *(_row(metric, label, found, TOP + ROW * (row + 0.5), x) for row, (label, found) in enumerate(rows)),
    )
    return figure(caption, chart)


def _row(metric: str, label: str, found: Difference, middle: float, x: Scale) -> Markup:
    tiny = found.queries < TINY
    judged, sign = ("", "") if tiny else direction(metric, found)
    return tag(
        "g",
        words(0, middle, fit(("○ " if tiny else "") + label, 18)),
        line(x(found.low), middle, x(found.high), middle, "whisker"),
        line(x(found.low), middle - 3, x(found.low), middle + 3, "whisker"),
        line(x(found.high), middle - 3, x(found.high), middle + 3, "whisker"),
        tag("circle", cx=x(found.mean), cy=middle, r=4, class_="dot"),
        words(RIGHT + 8, middle, change(metric, found.mean) + sign, class_="strong"),
        class_="tiny" if tiny else judged or "unsure",
    )
