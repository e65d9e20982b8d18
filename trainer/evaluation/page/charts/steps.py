"""One number by training step, its first and last point and its best one named."""

from collections.abc import Sequence

from trainer.evaluation.page.charts.drawing import Scale, drawing, figure, level_axis, ticks, upright_axis, words
from trainer.evaluation.page.markup import Markup, tag

HEIGHT, TOP, BOTTOM, LEFT, RIGHT = 200.0, 18.0, 164.0, 34.0, 346.0


def by_step(caption: str, points: Sequence[tuple[int, float]], *, best: int) -> Markup:
    """`points`: step and number, by step, at least one. `best`: the place of the best one."""
    across = ticks(0.0, float(points[-1][0] or 1))
    marks = ticks(min(number for _, number in points), max(number for _, number in points))
    x, y = Scale(across[0], across[-1], LEFT, RIGHT), Scale(marks[0], marks[-1], BOTTOM, TOP)
    places = [(x(step), y(number)) for step, number in points]
    step, number = points[best]
    left, top = places[best]
    chart = drawing(
        caption,
        f"from {points[0][1]:.3f} at step {points[0][0]:,} to {points[-1][1]:.3f} at step {points[-1][0]:,}; "
        f"best {number:.3f} at step {step:,}",
        HEIGHT,
        *upright_axis(marks, y, LEFT, RIGHT),
        *level_axis(across, x, TOP, BOTTOM),
        tag("polyline", points=" ".join(f"{px:.1f},{py:.1f}" for px, py in places), class_="trace"),
        *(tag("circle", cx=px, cy=py, r=1.8, class_="trace-dot") for px, py in places),
        tag("circle", cx=left, cy=top, r=4.5, class_="ring"),
        words(_inside(left), top - 11, f"{number:.3f}", class_="strong", anchor="middle"),
        words((LEFT + RIGHT) / 2, BOTTOM + 25, "training step", class_="soft", anchor="middle"),
    )
    return figure(caption, chart)


def _inside(left: float) -> float:
    """So that half of the word is not cut off."""
    return min(max(left, LEFT + 18), RIGHT - 6)
