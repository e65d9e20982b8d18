"""Searches of the past, asked again: how much of what users wanted is found, at each stage on the way to them.

READ FIRST: `evaluate`. Never approximate where it says exact, and never on a sample of the items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.encoder import Encoder
from multigrain.errors import InvalidConfig
from multigrain.types import Int64s
from trainer.evaluation.bootstrap import Difference, paired_difference
from trainer.evaluation.history import EMPTY, HistoryGains, history_gains
from trainer.evaluation.judge import Judge, Opinions
from trainer.evaluation.means import cells
from trainer.evaluation.measures import DEPTH, coverages, measures
from trainer.evaluation.metrics.hits import Values, hits_of
from trainer.evaluation.recall import mean_recall
from trainer.evaluation.report import ALL, Look, Report, StageReport
from trainer.evaluation.slices.dimensions import slices
from trainer.evaluation.stage_order import stage_order
from trainer.evaluation.systems.exact import EXACT, HISTORY_WITHHELD, ExactSystem
from trainer.evaluation.systems.popularity import POPULARITY, PopularitySystem
from trainer.evaluation.systems.system import Stage, System, Tell
from trainer.evaluation.trial import Trial
from trainer.evaluation.worst import worst_queries

K = 300
"""How deep every stage is asked, unless told otherwise."""
YARDSTICKS = {POPULARITY: "popularity_", HISTORY_WITHHELD: "history_off_"}
"""Stages that nobody is served, and what their scores are called by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One stage, measured search by search."""

    stage: Stage
    system: System
    values: Mapping[str, Values]
    """Metric -> [B]"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A report, and the values that it is made of: what comparisons and the gate go on with."""

    trial: Trial
    report: Report
    stages: tuple[Measured, ...]
    parts: Mapping[str, Int64s]
    """Slice -> the places of its searches."""

    @property
    def deciding(self) -> Measured:
        return self.stages[-1]


def evaluate(
    trial: Trial,
    systems: Sequence[System],
    *,
    subject: str,
    k: int = K,
    judge: Judge | None = None,
    training: Sequence[Look] = (),
    tell: Tell = lambda done, of: None,
) -> Evaluation:
    """The last stage of the last system decides; popularity stands beside it for a yardstick.

    Raises InvalidConfig for a k that is too small, and for systems of different bundles.
    """
    if k < DEPTH:
        raise InvalidConfig("k", f"{k} is less than the depth of the metrics", cure=f"ask for {DEPTH} or more")
    opinions = None if judge is None else Opinions(judge, trial)
    stages = _measure(trial, [PopularitySystem(), *systems], k, opinions, tell)
    parts = slices(trial)
    by_exact_search = next((system for system in systems if isinstance(system, ExactSystem)), None)
    history = EMPTY if by_exact_search is None else history_gains(by_exact_search, trial)
    order = {} if by_exact_search is None else stage_order(by_exact_search, trial)
    report = Report(
        subject=subject,
        bundle_id=systems[-1].bundle_id,
        trial_id=trial.trial_id,
        queries=len(trial),
        items=len(trial.items),
        judge=None if judge is None else judge.name,
        deciding=stages[-1].stage.name,
        scores={**_scores(trial, stages, history), **order},
        gains={**_history_gain(stages), **history.gains},
        slices={**history.searches, "new": sum(map(bool, _never_clicked(trial)))},
        stages=tuple(stage_report(trial, one, parts) for one in stages),
        worst=worst_queries(trial, stages[-1].system, stages[-1].stage.answers, stages[-1].values, parts),
        training=tuple(training),
    )
    return Evaluation(trial=trial, report=report, stages=tuple(stages), parts=parts)


def evaluate_bundle(encoder: Encoder, trial: Trial, *, training: Sequence[Look] = ()) -> Report:
    """A bundle by itself, by exact search."""
    return evaluate(trial, [ExactSystem(encoder)], subject=encoder.bundle_id, training=training).report


def measured(trial: Trial, stage: Stage, system: System, opinions: Opinions | None) -> Measured:
    """`opinions` None: nobody says what is good."""
    good = None if opinions is None else opinions.good(stage.answers, DEPTH)
    return Measured(stage=stage, system=system, values=measures(trial, stage.answers, good))


def stage_report(trial: Trial, one: Measured, parts: Mapping[str, Int64s]) -> StageReport:
    return StageReport(
        name=one.stage.name,
        says=one.stage.says,
        cells=cells(one.values, parts),
        coverage=coverages(trial, one.stage.answers),
    )


def _measure(trial: Trial, systems: Sequence[System], k: int, opinions: Opinions | None, tell: Tell) -> list[Measured]:
    """Every stage of every system. Two systems may share a stage (a bundle's exact search is also its generation's):
    it is kept once. Raises InvalidConfig when they would not be the same.
    """
    found: dict[str, Measured] = {}
    for system in systems:
        for stage in system.stages(trial, k, tell):
            there = found.get(stage.name)
            if there is None:
                found[stage.name] = measured(trial, stage, system, opinions)
            elif there.system.bundle_id != system.bundle_id:
                problem = f"{there.system.name} and {system.name} are of different bundles"
                raise InvalidConfig("systems", problem, cure="compare them: multigrain compare A B")
    return list(found.values())


def _scores(trial: Trial, stages: Sequence[Measured], history: HistoryGains) -> dict[str, float]:
    scores: dict[str, float] = {}
    everything = {ALL: np.arange(len(trial))}
    for one in stages:
        prefix = "" if one is stages[-1] else YARDSTICKS.get(one.stage.name)
        if prefix is not None:
            means = cells(one.values, everything)
            scores |= {prefix + metric: means[metric][ALL].mean for metric in means}
            scores |= {prefix + metric: value for metric, value in coverages(trial, one.stage.answers).items()}
    scores |= history.scores
    fresh = _never_clicked(trial)
    if any(fresh):
        scores[f"new_recall@{DEPTH}"] = mean_recall(hits_of(stages[-1].stage.answers.rows, fresh), DEPTH)
    return scores


def _never_clicked(trial: Trial) -> list[list[int]]:
    """Of what each search wants, what nobody had clicked before the test part."""
    return [[row for row in rows if not trial.clicks[row]] for rows in trial.wanted]


def _history_gain(stages: Sequence[Measured]) -> dict[str, Difference]:
    by_name = {one.stage.name: one.values[f"recall@{DEPTH}"] for one in stages}
    if HISTORY_WITHHELD not in by_name:
        return {}
    return {"history": paired_difference(by_name[HISTORY_WITHHELD], by_name[EXACT])}
