"""The headline: what was evaluated, what the gate says of it, and the five figures that matter."""

from trainer.evaluation.page.markup import Markup, joined, listed, tag, words_of
from trainer.evaluation.page.metric_names import interval_words, value
from trainer.evaluation.page.stage_names import deciding_stage
from trainer.evaluation.page.tables import table
from trainer.evaluation.report import ALL, Cell, Report, Verdict

FIGURES = (
    ("recall@100", "of what was clicked is among the first 100"),
    ("recall@10", "of what was clicked is among the first 10"),
    ("ndcg@10", "how far up it stands among the first 10"),
    ("f_good@100", "of the survivors among the first 100 are good"),
    ("good@100", "of the first 100 are good"),
    ("survivors@100", "of the first 100 pass relevance control"),
    ("mrr", "1 over the rank of the first one, on average"),
    ("hit@10", "of the searches have a clicked item in the first 10"),
    ("recall@300", "of what was clicked is among the first 300"),
)
"""In the order in which they matter."""
SHOWN = 5


def headline(report: Report) -> Markup:
    """Everything above the sections."""
    return tag(
        "header",
        tag("p", "Evaluation", class_="eyebrow"),
        tag("h1", report.subject, dir="auto"),
        tag("p", about(report), class_="about"),
        verdict_box(report.verdict),
        _figures(report),
        _scores(report),
    )


def about(report: Report) -> Markup:
    """On what it was measured."""
    judge = ["nobody judged what is good"] if report.judge is None else [joined(("good by ", words_of(report.judge)))]
    return listed(
        (
            f"{report.queries:,} searches over {report.items:,} items",
            joined(("what counts is the stage ", tag("b", report.deciding))),
            *judge,
            joined(("bundle ", tag("code", report.bundle_id))),
            joined(("trial ", tag("code", report.trial_id))),
        )
    )


def verdict_box(verdict: Verdict | None) -> Markup:
    """With every refusal in words."""
    if verdict is None:
        return tag("p", "No gate was asked.", class_="verdict unasked")
    against = ["nothing was live to compare with"]
    if verdict.against is not None:
        against = ["compared with the live generation ", tag("code", verdict.against)]
    if verdict.passed:
        said = joined((tag("b", "✓ Passed."), f" All of the gate's {verdict.rules:,} rules are met; ", *against, "."))
        return tag("div", tag("p", said), class_="verdict passed")
    broken = f" {len(verdict.refusals):,} of the gate's {verdict.rules:,} rules are not met; "
    said = joined((tag("b", "✕ Refused."), broken, *against, "."))
    reasons = [tag("li", words_of(refusal.sentence)) for refusal in verdict.refusals]
    return tag("div", tag("p", said), tag("ul", *reasons), class_="verdict refused")


def _figures(report: Report) -> Markup:
    stage = deciding_stage(report)
    found = []
    for metric, says in FIGURES:
        cell = None if stage is None else stage.cells.get(metric, {}).get(ALL)
        score = report.scores.get(metric) if cell is None else cell.mean
        if score is not None:
            found.append(_figure(metric, says, score, cell, report.scores.get(f"popularity_{metric}")))
    return tag("dl", *found[:SHOWN], class_="figures") if found else joined(())


def _scores(report: Report) -> Markup:
    """All of them, where no stage tells more."""
    if report.stages or not report.scores:
        return joined(())
    rows = [
        tag("tr", tag("th", words_of(name), scope="row"), tag("td", value(name, score), class_="n"))
        for name, score in report.scores.items()
    ]
    return table(("metric", "score"), [tag("tbody", *rows)])


def _figure(metric: str, says: str, score: float, cell: Cell | None, popularity: float | None) -> Markup:
    beside = [] if cell is None else [f"95 %: {interval_words(metric, cell)}"]
    beside += [] if popularity is None else [f"popularity: {value(metric, popularity)}"]
    return tag(
        "div",
        tag("dt", metric),
        tag("dd", value(metric, score), class_="number"),
        tag("dd", says),
        *(tag("dd", words, class_="soft") for words in beside),
    )
