"""One metric by slice: a bar and its interval a slice, and a dashed line where all searches stand."""

from collections.abc import Sequence

from trainer.evaluation.page.charts.drawing import Scale, drawing, figure, level_axis, line, ticks, words
from trainer.evaluation.page.markup import Markup, tag
from trainer.evaluation.page.metric_names import value
from trainer.evaluation.page.room import fit
from trainer.evaluation.report import Cell

ROW, TOP, LEFT, RIGHT = 24.0, 8.0, 118.0, 314.0
THICK = 12.0


def slice_bars(metric: str, dimension: str, bars: Sequence[tuple[str, Cell]], overall: Cell, highest: float) -> Markup:
    """`bars`: label and cell. `highest`: where the scale ends, the same for every dimension, so that they compare."""
    marks = ticks(0.0, highest)
    x = Scale(marks[0], marks[-1], LEFT, RIGHT)
    bottom = TOP + ROW * len(bars)
    chart = drawing(
        f"{metric} by {dimension}",
        "; ".join(f"{label}: {value(metric, cell.mean)} over {cell.queries:,} searches" for label, cell in bars),
        bottom + 20,
        *level_axis(marks, x, TOP, bottom),
        *(_bar(metric, label, cell, TOP + ROW * (row + 0.5), x) for row, (label, cell) in enumerate(bars)),
        line(x(overall.mean), TOP - 4, x(overall.mean), bottom, "overall"),
    )
    return figure(dimension, chart)


def _bar(metric: str, label: str, cell: Cell, middle: float, x: Scale) -> Markup:
    low, high = x(cell.low), x(cell.high)
    class_ = "tiny" if cell.tiny else None
    return tag(
        "g",
        words(0, middle, fit(("○ " if cell.tiny else "") + label, 18)),
        tag("rect", x=LEFT, y=middle - THICK / 2, width=max(x(cell.mean) - LEFT, 0.5), height=THICK, class_="bar"),
        line(low, middle, high, middle, "whisker"),
        line(low, middle - 3, low, middle + 3, "whisker"),
        line(high, middle - 3, high, middle + 3, "whisker"),
        words(RIGHT + 10, middle, value(metric, cell.mean), class_="strong"),
        class_=class_,
    )
