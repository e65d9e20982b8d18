"""What each stage wins or loses of one metric, on the way from exact search to the answer.

The scale need not begin at 0: no bar stands for a value, only for the change from the stage before.
"""

from collections.abc import Sequence

from trainer.evaluation.page.charts.drawing import Scale, drawing, figure, level_axis, line, ticks, words
from trainer.evaluation.page.markup import Markup, tag
from trainer.evaluation.page.metric_names import change, value

ROW, TOP, LEFT, RIGHT = 38.0, 8.0, 100.0, 292.0
THICK = 12.0


def waterfall(metric: str, steps: Sequence[tuple[str, float]]) -> Markup:
    """`steps`: stage and value in the order of the way; at least two."""
    found = [number for _, number in steps]
    marks = ticks(min(found), max(found))
    x = Scale(marks[0], marks[-1], LEFT, RIGHT)
    bottom = TOP + ROW * len(steps)
    before = [None, *found[:-1]]
    chart = drawing(
        f"{metric} from stage to stage",
        "; ".join(f"{name}: {value(metric, number)}" for name, number in steps),
        bottom + 20,
        *level_axis(marks, x, TOP, bottom),
        *(
            _step(metric, name, number, previous, TOP + ROW * row, x)
            for row, ((name, number), previous) in enumerate(zip(steps, before, strict=True))
        ),
    )
    return figure(f"{metric}: what each stage wins (▲) or loses (▼)", chart)


def _step(metric: str, name: str, number: float, before: float | None, top: float, x: Scale) -> Markup:
    middle = top + ROW / 2
    marks = [words(0, middle, name)]
    if before is None:
        marks.append(words(RIGHT + 12, middle, value(metric, number), class_="strong"))
    else:
        gained = change(metric, number - before)
        class_, sign = {"+": ("gain", "▲ "), "−": ("loss", "▼ ")}.get(gained[0], ("soft", ""))
        low, high = sorted((x(before), x(number)))
        marks += [
            line(x(before), middle - ROW, x(before), middle, "leader"),
            tag("rect", x=low, y=middle - THICK / 2, width=max(high - low, 0.5), height=THICK, class_=class_),
            words(RIGHT + 12, middle - 7, value(metric, number), class_="strong"),
            words(RIGHT + 12, middle + 7, sign + gained, class_=class_),
        ]
    marks.append(tag("circle", cx=x(number), cy=middle, r=4, class_="ink"))
    return tag("g", *marks)
