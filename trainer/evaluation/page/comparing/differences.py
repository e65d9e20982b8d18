"""B less A: every metric over all searches, then slice by slice."""

from collections.abc import Mapping, Sequence

from trainer.evaluation.bootstrap import Difference
from trainer.evaluation.page.charts.forest import forest, reach_of
from trainer.evaluation.page.markup import Markup, joined, tag, words_of
from trainer.evaluation.page.metric_names import in_order, value
from trainer.evaluation.page.section import Section
from trainer.evaluation.page.slice_names import by_dimension, label_of
from trainer.evaluation.page.stage_names import deciding_stage
from trainer.evaluation.page.tables import difference_cell, table, tiny_note
from trainer.evaluation.report import ALL, Comparison, Report

COLUMNS = 7
"""Of metrics in one table: more would not fit on paper."""


def _by_metric(comparison: Comparison) -> Markup | None:
    metrics = [name for name in in_order(comparison.differences) if ALL in comparison.differences[name]]
    if not metrics:
        return None
    rows = [
        tag(
            "tr",
            tag("th", metric, scope="row"),
            difference_cell(metric, found := comparison.differences[metric][ALL]),
            tag("td", _score(comparison.b, metric), class_="n"),
            tag("td", _score(comparison.a, metric), class_="n"),
            tag("td", f"{found.queries:,}", class_="n count"),
        )
        for metric in metrics
    ]
    found_all = [comparison.differences[metric][ALL] for metric in metrics]
    head = ("metric", "B less A", "B", "A", "searches")
    return joined((table(head, [tag("tbody", *rows)]), tiny_note(found_all)))


def _score(report: Report, metric: str) -> str:
    stage = deciding_stage(report)
    score = report.scores.get(metric) if stage is None else stage.score(metric)
    return "–" if score is None else value(metric, score)


def _by_slice(comparison: Comparison) -> Markup | None:
    metrics = in_order(comparison.differences)
    slices = by_dimension(part for parts in comparison.differences.values() for part in parts)
    if not slices:
        return None
    charts = _charts(metrics[0], comparison.differences[metrics[0]], slices)
    tables = [
        _table(comparison.differences, slices, metrics[start : start + COLUMNS])
        for start in range(0, len(metrics), COLUMNS)
    ]
    every = [found for parts in comparison.differences.values() for found in parts.values()]
    return joined((*charts, *tables, tiny_note(every)))


def _charts(metric: str, found: Mapping[str, Difference], slices: Mapping[str, tuple[str, ...]]) -> list[Markup]:
    reach = reach_of(list(found.values()))
    charts = [
        forest(metric, dimension, rows, reach)
        for dimension, parts in slices.items()
        if (rows := [(label_of(part), found[part]) for part in parts if part in found and found[part].queries])
    ]
    said = f"{metric}, B less A by slice, with 95 % intervals. Left of the line of 0 A has more, right of it B."
    return [tag("p", said, class_="note"), tag("div", *charts, class_="charts")] if charts else []


def _table(
    differences: Mapping[str, Mapping[str, Difference]], slices: Mapping[str, tuple[str, ...]], metrics: Sequence[str]
) -> Markup:
    columns = len(metrics) + 2
    bodies = [tag("tbody", _row(differences, ALL, metrics))]
    for dimension, parts in slices.items():
        title = tag("tr", tag("th", words_of(dimension), scope="colgroup", colspan=columns), class_="group")
        bodies.append(tag("tbody", title, *(_row(differences, part, metrics) for part in parts)))
    return table(("slice", "searches", *metrics), bodies)


def _row(differences: Mapping[str, Mapping[str, Difference]], part: str, metrics: Sequence[str]) -> Markup:
    found = {metric: differences[metric].get(part) for metric in metrics}
    searches = max((difference.queries for difference in found.values() if difference is not None), default=0)
    return tag(
        "tr",
        tag("th", words_of(label_of(part)), scope="row"),
        tag("td", f"{searches:,}", class_="n count"),
        *(difference_cell(metric, difference) for metric, difference in found.items()),
    )


BY_METRIC = Section("metrics", "Metric by metric", _by_metric)
DIFFERENCES_BY_SLICE = Section("slices", "Slice by slice", _by_slice)
