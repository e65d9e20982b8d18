"""How training went: the loss, and recall on examples that were held out of it."""

import math

from trainer.evaluation.page.charts.steps import by_step
from trainer.evaluation.page.markup import Markup, joined, tag
from trainer.evaluation.page.section import Section
from trainer.evaluation.page.tables import table
from trainer.evaluation.report import Look, Report

ROWS = 8
"""Of the table: the charts have every step."""


def _write(report: Report) -> Markup | None:
    looks = sorted(report.training, key=lambda look: look.step)
    if not looks:
        return None
    losses = [(look.step, look.loss) for look in looks if math.isfinite(look.loss)]
    recalls = [(look.step, look.recall) for look in looks if look.recall is not None]
    charts = []
    if losses:
        lowest = min(range(len(losses)), key=lambda at: losses[at][1])
        charts.append(by_step("Loss", losses, best=lowest))
    if recalls:
        best = max(range(len(recalls)), key=lambda at: recalls[at][1])
        charts.append(by_step("Recall@100, held out of training", recalls, best=best))
    return joined(
        (
            tag("p", _sentence(losses, recalls)),
            tag("div", *charts, class_="charts"),
            _table(_thinned([look for look in looks if look.recall is not None] or looks)),
        )
    )


def _sentence(losses: list[tuple[int, float]], recalls: list[tuple[int, float]]) -> str:
    said = "The loss was never a number."
    if losses:
        said = f"The loss went from {losses[0][1]:.3f} to {losses[-1][1]:.3f} in {losses[-1][0]:,} steps."
    if not recalls:
        return said + " Recall was not measured on the way."
    step, best = max(recalls, key=lambda point: point[1])
    return said + f" Held-out recall@100 was best at step {step:,}, {best:.3f}, and ended at {recalls[-1][1]:.3f}."


def _thinned(looks: list[Look]) -> list[Look]:
    """Evenly, with the first and the last."""
    if len(looks) <= ROWS:
        return looks
    return [looks[round(at * (len(looks) - 1) / (ROWS - 1))] for at in range(ROWS)]


def _table(looks: list[Look]) -> Markup:
    rows = [
        tag(
            "tr",
            tag("th", f"{look.step:,}", scope="row"),
            tag("td", f"{look.loss:.3f}" if math.isfinite(look.loss) else "no number", class_="n"),
            tag("td", "–" if look.recall is None else f"{look.recall:.3f}", class_="n"),
        )
        for look in looks
    ]
    return table(("step", "loss", "recall@100"), [tag("tbody", *rows)])


CONVERGENCE = Section("convergence", "Convergence", _write)
