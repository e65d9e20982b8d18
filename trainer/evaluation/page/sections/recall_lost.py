"""Where recall is lost: every stage side by side, the way from exact search to the answer, recall by depth."""

import math
from collections.abc import Sequence
from dataclasses import replace

from trainer.evaluation.page.charts.curves import Curve, recall_curves
from trainer.evaluation.page.charts.waterfall import waterfall
from trainer.evaluation.page.markup import Markup, joined, listed, tag
from trainer.evaluation.page.metric_names import MAIN, base_of, depth_of, in_order, value
from trainer.evaluation.page.section import Section
from trainer.evaluation.page.stage_names import YARDSTICKS, path_of, style_of
from trainer.evaluation.page.tables import Group, Row, cells_of, metric_table, tiny_note
from trainer.evaluation.report import ALL, Report, StageReport

FOLLOWED = "recall@100"
"""The metric that is followed from stage to stage."""


def _write(report: Report) -> Markup | None:
    if not any(stage.cells for stage in report.stages):
        return None
    metrics = in_order(metric for stage in report.stages for metric in stage.cells)
    depths = sorted((name for name in metrics if base_of(name) == "recall"), key=lambda name: depth_of(name) or 0)
    main = [name for name in metrics if name in MAIN]
    others = [name for name in metrics if name not in MAIN and name not in depths]
    charts = [*_waterfall(report), *_curves(report.stages)]
    return joined(
        (
            tag("div", *charts, class_="charts") if charts else "",
            *_tables(report.stages, [names for names in (main, depths, others) if names]),
            *_coverage(report.stages),
        )
    )


def _tables(stages: Sequence[StageReport], columns: Sequence[Sequence[str]]) -> list[Markup]:
    """What each stage is stands in the first table only."""
    way = [_row(stage) for stage in stages if stage.name not in YARDSTICKS]
    beside = [_row(stage) for stage in stages if stage.name in YARDSTICKS]
    told = [Group("", way), *([Group("yardsticks", beside)] if beside else [])]
    bare = [Group(group.title, [replace(row, says="") for row in group.rows]) for group in told]
    tables = [metric_table("stage", told if names is columns[0] else bare, names) for names in columns]
    return [*tables, tiny_note(cells_of(told))]


def _row(stage: StageReport) -> Row:
    cells = {metric: parts[ALL] for metric, parts in stage.cells.items() if ALL in parts}
    return Row(stage.name, cells, stage.says)


def _waterfall(report: Report) -> list[Markup]:
    found = [(stage.name, _score(stage, FOLLOWED)) for stage in path_of(report)]
    steps = [(name, score) for name, score in found if score is not None]
    return [waterfall(FOLLOWED, steps)] if len(steps) > 1 else []


def _curves(stages: Sequence[StageReport]) -> list[Markup]:
    curves = [Curve(stage.name, style_of(stage.name, stages), _points(stage)) for stage in stages]
    curves = [curve for curve in curves if len(curve.points) > 1]
    return [recall_curves(curves)] if curves else []


def _points(stage: StageReport) -> list[tuple[int, float]]:
    found = [(depth_of(metric), _score(stage, metric)) for metric in stage.cells if base_of(metric) == "recall"]
    return sorted((depth, score) for depth, score in found if depth and score is not None)


def _score(stage: StageReport, metric: str) -> float | None:
    """None also where no search had a value."""
    score = stage.score(metric)
    return None if score is None or not math.isfinite(score) else score


def _coverage(stages: Sequence[StageReport]) -> list[Markup]:
    """Of all searches together: it has no mean, and so no interval."""
    names = in_order(name for stage in stages for name in stage.coverage)
    lines = []
    for name in names:
        found = [f"{stage.name} {value(name, stage.coverage[name])}" for stage in stages if name in stage.coverage]
        lines.append(tag("p", tag("b", name), " ", listed(found), class_="note"))
    return lines


RECALL_LOST = Section("recall-lost", "Where recall is lost", _write)
