"""A study as a picture: how far each variant came, and how fast."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trainer.ablation.run import Row

INCHES = (11.0, 4.4)


def write_plot(name: str, rows: Sequence[Row], score: str, path: Path) -> None:
    """Left: `score` of each variant with its interval. Right: recall on the held-out slice, step by step."""
    # The salt makes the same figures the same bytes; "none" leaves words as words.
    with rc_context({"svg.hashsalt": "multigrain", "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=INCHES, layout="constrained")
        reached, learning = figure.subplots(1, 2)
        _draw_scores(reached, rows, score)
        _draw_curves(learning, rows)
        figure.suptitle(name)
        figure.savefig(path, metadata={"Date": None})


def _draw_scores(axes: Axes, rows: Sequence[Row], score: str) -> None:
    for place, row in enumerate(rows):
        found = row.scores[score]
        # One seed has no interval: a dot alone says so.
        half = found.half if found.half != float("inf") else None
        axes.errorbar(found.mean, place, xerr=half, fmt="o", capsize=4, color=f"C{place}")
    axes.set_yticks(range(len(rows)), [row.variant for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel(f"{score} on the test searches, mean and 95 % interval")
    axes.grid(axis="x", alpha=0.3)


def _draw_curves(axes: Axes, rows: Sequence[Row]) -> None:
    for place, row in enumerate(rows):
        axes.plot(*zip(*row.convergence, strict=True), color=f"C{place}", label=row.variant)
    axes.set_xlabel("step")
    axes.set_ylabel("recall@100 on the held-out slice")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, frameon=False)
