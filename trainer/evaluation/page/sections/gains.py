"""What the searcher's history adds, and each window of it over the searches that only it could help."""

from collections.abc import Sequence

from trainer.evaluation.bootstrap import Difference
from trainer.evaluation.page.charts.forest import forest, reach_of
from trainer.evaluation.page.markup import Markup, joined, tag
from trainer.evaluation.page.metric_names import change
from trainer.evaluation.page.section import Section
from trainer.evaluation.page.tables import difference_cell, table, tiny_note
from trainer.evaluation.report import Report

MEASURED = "recall@100"
HEAD = ("history", f"added to {MEASURED}", "which", "searches")


def _write(report: Report) -> Markup | None:
    if not report.gains:
        return None
    rows = [(_named(name), gain) for name, gain in report.gains.items()]
    said = "The same model with and without history, on the same searches; a window where only it could help."
    return joined(
        (
            tag("p", said),
            *_chart([(name, gain) for name, gain in rows if gain.queries]),
            table(HEAD, [tag("tbody", *(_row(*row) for row in rows))]),
            tiny_note(list(report.gains.values())),
        )
    )


def _chart(rows: Sequence[tuple[str, Difference]]) -> list[Markup]:
    if not rows:
        return []
    chart = forest(MEASURED, f"added to {MEASURED}", rows, reach_of([gain for _, gain in rows]))
    return [tag("div", chart, class_="charts")]


def _row(name: str, gain: Difference) -> Markup:
    return tag(
        "tr",
        tag("th", name, scope="row"),
        difference_cell(MEASURED, gain),
        tag("td", _sentence(gain), class_="n"),
        tag("td", f"{gain.queries:,}", class_="n count"),
    )


def _named(gain: str) -> str:
    return "all of it" if gain == "history" else f"{gain} window"


def _sentence(gain: Difference) -> str:
    if not gain.queries:
        return "no such search"
    if not gain.sure:
        return "may be chance"
    return "surely helps" if change(MEASURED, gain.mean).startswith("+") else "surely harms"


GAINS = Section("gains", "What the history adds", _write)
