"""The headline of a comparison: A and B side by side, and what is sure between them in a sentence."""

from trainer.evaluation.page.markup import Markup, tag
from trainer.evaluation.page.metric_names import change, in_order, less_is_better
from trainer.evaluation.page.sections.headline import about, verdict_box
from trainer.evaluation.report import ALL, Comparison, Report


def sides(comparison: Comparison) -> Markup:
    """Everything above the sections."""
    return tag(
        "header",
        tag("p", "Comparison", class_="eyebrow"),
        tag("h1", "B less A, on the same searches"),
        tag("div", _side("A", comparison.a), _side("B", comparison.b), class_="sides"),
        *_warning(comparison),
        tag("p", _sentence(comparison), class_="lead"),
    )


def _side(letter: str, report: Report) -> Markup:
    return tag(
        "div",
        tag("h2", tag("span", letter, class_="letter"), " ", tag("span", report.subject, dir="auto")),
        tag("p", about(report), class_="about"),
        verdict_box(report.verdict),
        class_="side",
    )


def _warning(comparison: Comparison) -> list[Markup]:
    if comparison.a.trial_id == comparison.b.trial_id:
        return []
    said = "The two were measured on different searches or catalogues: what follows is not a fair comparison."
    return [tag("p", said, class_="verdict refused")]


def _sentence(comparison: Comparison) -> str:
    better, worse, unsure = [], [], []
    for metric in in_order(comparison.differences):
        found = comparison.differences[metric].get(ALL)
        if found is None or not found.queries:
            continue
        words = f"{metric} ({change(metric, found.mean)})"
        if not found.sure:
            unsure.append(metric)
        elif (found.mean > 0) != less_is_better(metric):
            better.append(words)
        else:
            worse.append(words)
    told = ((better, "B is surely better in"), (worse, "B is surely worse in"), (unsure, "Not sure either way:"))
    return " ".join(f"{start} {', '.join(names)}." for names, start in told if names)
