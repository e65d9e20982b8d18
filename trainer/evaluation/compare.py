"""Two systems on the same searches: what differs for sure, and which answers changed most."""

from collections.abc import Mapping, Sequence

import numpy as np

from multigrain.types import Int64s
from trainer.evaluation.before import folded
from trainer.evaluation.bootstrap import Difference, paired_differences
from trainer.evaluation.evaluate import Evaluation
from trainer.evaluation.measures import DEPTH
from trainer.evaluation.metrics.hits import Values
from trainer.evaluation.report import ChangedQuery, Comparison, ShownItem
from trainer.evaluation.systems.system import NOTHING
from trainer.evaluation.trial import Trial
from trainer.evaluation.worst import SHOWN, names_of, shown

CHANGED = 20
FIRST = 10
"""The part of an answer that a user looks at: of it, what came and what went is shown."""

Differences = Mapping[str, Mapping[str, Difference]]


def compare(a: Evaluation, b: Evaluation) -> Comparison:
    """B less A, each at its deciding stage. Raises ValueError unless both were asked the same."""
    if a.trial.trial_id != b.trial.trial_id:
        raise ValueError("the two were not asked the same searches over the same items")
    return Comparison(
        a=a.report,
        b=b.report,
        differences=differences(a.deciding.values, b.deciding.values, a.parts),
        changed=tuple(_changed(a, b)),
    )


def differences(a: Mapping[str, Values], b: Mapping[str, Values], parts: Mapping[str, Int64s]) -> Differences:
    """Metric -> slice -> B less A, of the metrics that both have; slices that a metric says nothing about left out."""
    metrics = [metric for metric in a if metric in b]
    found: dict[str, dict[str, Difference]] = {metric: {} for metric in metrics}
    for name, places in parts.items():
        before, after = (np.stack([values[metric][places] for metric in metrics], 1) for values in (a, b))
        for metric, difference in zip(metrics, paired_differences(before, after), strict=True):
            if difference.queries:
                found[metric][name] = difference
    return {metric: by_slice for metric, by_slice in found.items() if by_slice}


def _changed(a: Evaluation, b: Evaluation) -> Sequence[ChangedQuery]:
    """The different queries whose recall changed most; of equal changes, those whose first answers have least in
    common, then the most asked."""
    trial = a.trial
    before, after = (one.deciding.values[f"recall@{DEPTH}"] for one in (a, b))
    overlap = _overlaps(a, b)
    asked = np.array([trial.asked[folded(example.query)] for example in trial.examples])
    found: dict[str, ChangedQuery] = {}
    for search in np.lexsort((-asked, overlap, -np.abs(after - before))).tolist():
        query = folded(trial.examples[search].query)
        if len(found) == CHANGED or (overlap[search] == 1 and before[search] == after[search]):
            break
        if query not in found:
            found[query] = _change(a, b, search, overlap=float(overlap[search]))
    return tuple(found.values())


def _change(a: Evaluation, b: Evaluation, search: int, *, overlap: float) -> ChangedQuery:
    trial, metric = a.trial, f"recall@{DEPTH}"
    old, new = (one.deciding.stage.answers.rows[search, :FIRST].tolist() for one in (a, b))
    return ChangedQuery(
        query=trial.examples[search].query,
        slices=names_of(search, a.parts),
        metric=metric,
        before=float(a.deciding.values[metric][search]),
        after=float(b.deciding.values[metric][search]),
        overlap=overlap,
        came=_items(trial, search, [row for row in new if row not in old]),
        went=_items(trial, search, [row for row in old if row not in new]),
    )


def _items(trial: Trial, search: int, rows: Sequence[int]) -> tuple[ShownItem, ...]:
    wanted = trial.wanted[search]
    return tuple(shown(trial, row, wanted=row in wanted) for row in rows if row != NOTHING)[:SHOWN]


def _overlaps(a: Evaluation, b: Evaluation) -> Values:
    """[B], the share of the first answers that both give; two empty answers are the same."""
    old, new = (one.deciding.stage.answers.rows[:, :FIRST] for one in (a, b))
    both = ((old[:, :, None] == new[:, None, :]) & (old[:, :, None] != NOTHING)).any(2).sum(1)
    most = np.maximum((old != NOTHING).sum(1), (new != NOTHING).sum(1))
    shares: Values = np.divide(both, most, out=np.ones(len(old)), where=most > 0)
    return shares
