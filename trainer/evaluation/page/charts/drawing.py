"""What every chart is made of: a scale, ticks at round numbers, lines of text.

Charts are 360 wide, as a phone is, and stand side by side where there is more room: their words stay readable on both.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from trainer.evaluation.page.markup import Markup, tag

WIDTH = 360.0
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """From what is measured to where it stands."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, number: float) -> float:
        span = (self.high - self.low) or 1.0
        return self.start + (number - self.low) / span * (self.end - self.start)


def ticks(low: float, high: float, count: int = 4) -> tuple[float, ...]:
    """About `count` round numbers, from the last one at or below `low` to the first one at or above `high`."""
    span = high - low
    if span <= max(abs(low), abs(high)) * 1e-6 or span < 1e-9:
        # As good as one number: the scale is as wide as the number is high.
        span = abs(high) if abs(high) > 1e-9 else 1.0
    power = 10.0 ** math.floor(math.log10(span / count))
    step = power * next(step for step in _STEPS if step * power * count >= span * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(number * step for number in range(first, max(last, first + 1) + 1))


def tick_words(numbers: Sequence[float]) -> tuple[str, ...]:
    """With as many decimals as tell them apart."""
    step = min((after - before for before, after in pairwise(numbers)), default=1.0)
    for decimals in range(7):
        if math.isclose(round(step, decimals), step, rel_tol=1e-6):
            break
    return tuple(f"{number:,.{decimals}f}".replace("-", "−") for number in numbers)


def words(x: float, y: float, text: str, *, class_: str = "", anchor: str = "start") -> Markup:
    """A line of text; `y` is its middle."""
    return tag("text", text, x=x, y=y + 3.6, class_=class_ or None, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def drawing(title: str, description: str, height: float, *shapes: Markup) -> Markup:
    """`title` and `description` are what a screen reader says."""
    said = (tag("title", title), tag("desc", description))
    return tag("svg", *said, *shapes, class_="chart", role="img", viewBox=f"0 0 {WIDTH:.0f} {height:.0f}")


def figure(caption: str, chart: Markup) -> Markup:
    return tag("figure", tag("figcaption", caption), chart)


def upright_axis(numbers: Sequence[float], y: Scale, left: float, right: float) -> tuple[Markup, ...]:
    """Horizontal rules with their numbers at the left."""
    return tuple(
        mark
        for number, word in zip(numbers, tick_words(numbers), strict=True)
        for mark in (
            line(left, y(number), right, y(number), "grid"),
            words(left - 5, y(number), word, class_="soft", anchor="end"),
        )
    )


def level_axis(
    numbers: Sequence[float], x: Callable[[float], float], top: float, bottom: float, spoken: Sequence[str] = ()
) -> tuple[Markup, ...]:
    """Vertical rules with their numbers below."""
    return tuple(
        mark
        for number, word in zip(numbers, spoken or tick_words(numbers), strict=True)
        for mark in (
            line(x(number), top, x(number), bottom, "grid"),
            words(x(number), bottom + 10, word, class_="soft", anchor="middle"),
        )
    )
