"""Every metric of the deciding stage by slice. Slices of few searches are marked, never left out."""

import math
from collections.abc import Mapping

from trainer.evaluation.page.charts.slice_bars import slice_bars
from trainer.evaluation.page.markup import Markup, joined, tag
from trainer.evaluation.page.metric_names import MAIN, in_order
from trainer.evaluation.page.section import Section
from trainer.evaluation.page.slice_names import by_dimension, label_of
from trainer.evaluation.page.stage_names import deciding_stage
from trainer.evaluation.page.tables import Group, Row, cells_of, metric_table, tiny_note
from trainer.evaluation.report import ALL, Cell, Report

COLUMNS = 7
"""Of metrics in one table: more would not fit on paper."""


def _write(report: Report) -> Markup | None:
    stage = deciding_stage(report)
    if stage is None:
        return None
    metrics = in_order(stage.cells)
    slices = by_dimension(part for parts in stage.cells.values() for part in parts)
    if not slices:
        return None
    groups = [
        Group("", [_row(stage.cells, ALL)]),
        *(Group(dimension, [_row(stage.cells, part) for part in parts]) for dimension, parts in slices.items()),
    ]
    main = [name for name in metrics if name in MAIN]
    further = [name for name in metrics if name not in MAIN]
    return joined(
        (
            tag("p", "At the stage ", tag("b", report.deciding), ", whose scores count."),
            *_bars(stage.cells, slices, metrics[0]),
            *_tables(groups, main),
            tiny_note(cells_of(groups)),
            *(
                [tag("details", tag("summary", "Further metrics by slice"), *_tables(groups, further))]
                if further
                else []
            ),
        )
    )


def _row(cells: Mapping[str, Mapping[str, Cell]], part: str) -> Row:
    return Row(label_of(part), {metric: parts[part] for metric, parts in cells.items() if part in parts})


def _bars(cells: Mapping[str, Mapping[str, Cell]], slices: Mapping[str, tuple[str, ...]], metric: str) -> list[Markup]:
    # A slice may hold searches of which the metric says nothing: there is no mean to draw.
    found = {part: cell for part, cell in cells[metric].items() if math.isfinite(cell.mean)}
    if ALL not in found:
        return []
    highest = max(cell.high for cell in found.values())
    charts = [
        slice_bars(metric, dimension, bars, found[ALL], highest)
        for dimension, parts in slices.items()
        if (bars := [(label_of(part), found[part]) for part in parts if part in found])
    ]
    said = f"{metric} by slice, with 95 % intervals. The dashed line: all searches."
    return [tag("p", said, class_="note"), tag("div", *charts, class_="charts")]


def _tables(groups: list[Group], metrics: list[str]) -> list[Markup]:
    return [
        metric_table("slice", groups, metrics[start : start + COLUMNS]) for start in range(0, len(metrics), COLUMNS)
    ]


BY_SLICE = Section("slices", "Metrics by slice", _write)
