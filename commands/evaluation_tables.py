"""A report or a comparison as short tables for a terminal of 80 columns; the page and the JSON have all of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from commands.output import Output
from trainer.evaluation.page.metric_names import change, direction, in_order, interval_words, value
from trainer.evaluation.page.room import fit
from trainer.evaluation.page.stage_names import deciding_stage

if TYPE_CHECKING:
    from trainer.evaluation.bootstrap import Difference
    from trainer.evaluation.report import Cell, Comparison, Report, StageReport, Verdict

METRICS = {
    "recall@10": "recall\n@10",
    "recall@100": "recall\n@100",
    "ndcg@10": "ndcg\n@10",
    "mrr": "mrr\n ",
    "good@100": "good\n@100",
    "f_good@100": "f_good\n@100",
    "survivors@100": "passed\n@100",
}
"""Metric -> the head of its column: two lines, or seven of them would need more than 80 columns."""
LEADING = ("recall@100", "recall@10")
"""By which slices are ordered: the first one that was measured."""
SHOWN = 6
STAGE_ROOM, SLICE_ROOM = 16, 26
"""Columns for a name. A longer one is cut, or the table would not fit."""


def show_report(report: "Report", output: Output) -> None:
    """Stages, the slices that are furthest behind, what the history adds, and the gate's verdict."""
    output.say(f"{report.subject} ({report.bundle_id}): {report.queries:,} searches over {report.items:,} items")
    _show_stages(report, output)
    _show_slices(report, output)
    if report.gains:
        output.table(
            "what is added to recall@100",
            ("of the history", "gain>", "95 % interval>", "searches>"),
            [_slice_difference("recall@100", *row) for row in report.gains.items()],
            caption="history: all of it, over all searches; a window: where only it could help; ○ few searches",
        )
    _say_verdict(report.verdict, output)


def show_comparison(comparison: "Comparison", output: Output) -> None:
    """B less A: every metric over all searches, and the slices where the difference is sure."""
    from trainer.evaluation.report import ALL

    a, b = comparison.a, comparison.b
    output.say(f"A: {a.subject} ({a.bundle_id})\nB: {b.subject} ({b.bundle_id})")
    if a.trial_id != b.trial_id:
        output.say("Measured on different searches or catalogues: this is not a fair comparison.")
    found = {name: comparison.differences[name] for name in in_order(comparison.differences)}
    over_all = [(name, parts[ALL]) for name, parts in found.items() if ALL in parts]
    output.table(
        "B less A, over all searches",
        ("metric", "A>", "B>", "B less A>", "95 % interval>"),
        [(name, _score(a, name), _score(b, name), *_difference(name, difference)) for name, difference in over_all],
    )
    leading = next((name for name in LEADING if name in found), None)
    if leading is not None:
        _show_sure_slices(leading, [(part, d) for part, d in found[leading].items() if part != ALL], output)
    output.say(f"{len(comparison.changed):,} searches that changed most are on the page.")


def _show_stages(report: "Report", output: Output) -> None:
    from trainer.evaluation.report import ALL

    metrics = [name for name in METRICS if any(ALL in stage.cells.get(name, {}) for stage in report.stages)]
    if not metrics:
        rows = [(name, value(name, score)) for name, score in report.scores.items()]
        output.table(f"at the stage {report.deciding}", ("metric", "score>"), rows)
        return
    passed = "passed@100: survivors@100, those of the first 100 that pass relevance control"
    output.table(
        "stage by stage",
        ("stage", *(f"{METRICS[name]}>" for name in metrics)),
        [
            (fit(stage.name, STAGE_ROOM), *(_value(name, stage.score(name)) for name in metrics))
            for stage in report.stages
        ],
        caption=passed if "survivors@100" in metrics else "",
    )


def _show_slices(report: "Report", output: Output) -> None:
    """Those furthest below all searches. Tiny ones may stand anywhere by chance, and are left to the page."""
    from trainer.evaluation.report import ALL

    stage = deciding_stage(report)
    metric = None if stage is None else next((name for name in LEADING if ALL in stage.cells.get(name, {})), None)
    if stage is None or metric is None:
        return
    overall = stage.cells[metric][ALL].mean
    behind = [row for row in _by_mean(stage, metric) if row[1].mean < overall and not row[1].tiny]
    if behind:
        output.table(
            f"furthest behind at the stage {stage.name}: {metric} of all searches is {_value(metric, overall)}",
            ("slice", f"{metric}>", "to all>", "95 % interval>", "searches>"),
            [_slice(metric, part, cell, overall) for part, cell in behind[:SHOWN]],
        )


def _by_mean(stage: "StageReport", metric: str) -> "list[tuple[str, Cell]]":
    return sorted(stage.cells[metric].items(), key=lambda row: row[1].mean)


def _slice(metric: str, part: str, cell: "Cell", overall: float) -> tuple[str, ...]:
    less = change(metric, cell.mean - overall)
    return fit(part, SLICE_ROOM), _value(metric, cell.mean), less, interval_words(metric, cell), f"{cell.queries:,}"


def _show_sure_slices(metric: str, parts: "Sequence[tuple[str, Difference]]", output: Output) -> None:
    sure = sorted((row for row in parts if row[1].sure), key=lambda row: row[1].mean)
    if not sure:
        output.say(f"No slice surely differs in {metric}.")
        return
    output.table(
        f"slices that surely differ in {metric}, the worst for B first",
        ("slice", "B less A>", "95 % interval>", "searches>"),
        [_slice_difference(metric, *row) for row in sure[: 2 * SHOWN]],
        caption=f"and {len(sure) - 2 * SHOWN:,} more" if len(sure) > 2 * SHOWN else "",
    )


def _say_verdict(verdict: "Verdict | None", output: Output) -> None:
    if verdict is None:
        output.say("No gate was asked.")
        return
    against = "nothing was live" if verdict.against is None else f"against {verdict.against}"
    if verdict.passed:
        output.say(f"Passed: all {verdict.rules:,} rules of the gate are met ({against}).")
        return
    output.say(f"REFUSED: {len(verdict.refusals):,} of {verdict.rules:,} rules of the gate are not met ({against}).")
    for refusal in verdict.refusals:
        output.say(f"  {refusal.sentence}")


def _slice_difference(metric: str, part: str, found: "Difference") -> tuple[str, ...]:
    from trainer.evaluation.report import TINY

    few = " ○" if found.queries < TINY else ""
    return fit(part, SLICE_ROOM), *_difference(metric, found), f"{found.queries:,}{few}"


def _difference(metric: str, found: "Difference") -> tuple[str, str]:
    """The difference, marked where it is sure, and its interval."""
    between = f"{change(metric, found.low)} … {change(metric, found.high)}"
    return change(metric, found.mean) + direction(metric, found)[1], between


def _score(report: "Report", metric: str) -> str:
    stage = deciding_stage(report)
    return _value(metric, report.scores.get(metric) if stage is None else stage.score(metric))


def _value(metric: str, number: float | None) -> str:
    return "–" if number is None else value(metric, number)
