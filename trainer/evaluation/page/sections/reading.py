"""How to read this: each metric of the page in a sentence, and what an interval says."""

from collections.abc import Iterable

from trainer.evaluation.page.markup import Markup, joined, tag
from trainer.evaluation.page.metric_names import MEANINGS, base_of
from trainer.evaluation.page.section import Section
from trainer.evaluation.report import TINY, Report

INTERVAL = (
    "Each mean stands with a 95 % interval: were as many other searches of the same kind drawn, again and again, the "
    "mean would fall within about so much of this one in 95 of 100 draws. Intervals are made by drawing from the "
    "searches that were measured; they know nothing of another week or another shop."
)
DIFFERENCE = (
    "A difference is paired: both sides answered the same searches, and what is hard about a search falls out. It is "
    "called sure, and marked ▲ (more) or ▼ (less), where its interval leaves 0 out; blue is better, orange is worse."
)
FEW = f"○ marks means over fewer than {TINY} searches."


def reading(metrics: Iterable[str]) -> Markup:
    """Of the metrics that the page shows."""
    bases = dict.fromkeys(map(base_of, metrics))
    told = [tag("div", tag("dt", base), tag("dd", MEANINGS[base].says)) for base in MEANINGS if base in bases]
    sentences = [tag("p", sentence) for sentence in (INTERVAL, DIFFERENCE, FEW)]
    return joined((tag("dl", *told, class_="glossary"), *sentences))


def _write(report: Report) -> Markup | None:
    stages = [metric for stage in report.stages for metric in (*stage.cells, *stage.coverage)]
    return reading([*stages, *report.scores])


READING = Section("reading", "How to read this", _write)
