"""The searches that were answered worst: what was wanted, what was returned, and why."""

from trainer.evaluation.page.markup import Markup, joined, tag
from trainer.evaluation.page.section import Section
from trainer.evaluation.page.shown_items import chips, returned_items, wanted_items
from trainer.evaluation.report import Report, WorstQuery


def _write(report: Report) -> Markup | None:
    return joined(map(_card, report.worst)) if report.worst else None


def _card(worst: WorstQuery) -> Markup:
    return tag(
        "article",
        tag(
            "h3",
            tag("span", worst.query or "(empty query)", dir="auto", class_="query"),
            tag("span", f"{worst.metric} {worst.score:.3f}", class_="score"),
        ),
        chips(worst.slices),
        tag("p", worst.why, class_="why", dir="auto"),
        tag("div", wanted_items(worst.wanted), returned_items(worst.returned), class_="pair"),
        class_="card",
    )


WORST = Section("worst", "Worst queries", _write)
