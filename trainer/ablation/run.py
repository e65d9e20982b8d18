"""One study: every variant trained with every seed on the same examples, and measured on the same searches.

Each run has a work folder of its own, named by its configuration: a study that was broken off goes on where it stopped,
and what two studies have in common is trained once.
"""

import hashlib
import json
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from multigrain.encoder import load_encoder
from trainer.ablation.interval import Interval
from trainer.ablation.variant import Variant
from trainer.configs.config import TrainingConfig
from trainer.data.logs import items_of, read_logs
from trainer.evaluation.judge import Opinions
from trainer.evaluation.judges.truth import TruthJudge
from trainer.evaluation.measures import DEPTH
from trainer.evaluation.metrics.good import good_share
from trainer.evaluation.metrics.hits import mean
from trainer.evaluation.systems.exact import ExactSystem
from trainer.evaluation.trial import trial_of
from trainer.evaluation.truth import Truth
from trainer.flow import Candidate, make_candidate
from trainer.pretraining.config import for_pretraining
from trainer.pretraining.flow import pretrain
from trainer.progress import Clock, Reporter
from trainer.steps import FREE_TO_CHANGE, Steps, made_from_logs
from trainer.training.journal import FILE as JOURNAL
from trainer.training.journal import read_journal

EXAMPLES, RUNS, PRETRAINED = "shared", "runs", "pretrained"
"""Folders of a study's work folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One variant over all seeds."""

    variant: str
    scores: dict[str, Interval]
    """By name: those of the evaluation, and p_good@100 where there is a truth."""
    convergence: tuple[tuple[int, float], ...]
    """Steps, and the recall@100 of the held-out slice after them, mean over the seeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is the same for all runs of a study."""

    logs: Path
    work: Path
    config: TrainingConfig
    seeds: int
    truth: Truth | None
    """None: real logs; how good an item is cannot be known, and that column is missing."""


@dataclass(frozen=True, slots=True)
class _Run:
    """One variant with one seed."""

    scores: dict[str, float]
    convergence: dict[int, float]
    """Step -> recall@100 of the held-out slice."""


class Study:
    """Trains and measures variants; keeps what all of them share."""

    def __init__(self, setting: Setting, *, reporter: Reporter, clock: Clock, clock_ms: Callable[[], int]) -> None:
        self._setting, self._reporter, self._clock, self._clock_ms = setting, reporter, clock, clock_ms
        made_from = made_from_logs(setting.logs)
        steps = Steps(setting.work / EXAMPLES, setting.config, made_from, reporter=reporter, clock=clock)
        self._examples = steps.examples(setting.logs)
        self._items = list(items_of(read_logs(setting.logs)))

    def rows(self, variants: Sequence[Variant]) -> Iterator[Row]:
        """The rows, each as soon as its last seed is measured."""
        for variant in variants:
            runs = [self._run(variant, seed) for seed in range(self._setting.seeds)]
            yield Row(
                variant=variant.name,
                scores={key: Interval.of([run.scores[key] for run in runs]) for key in runs[0].scores},
                convergence=tuple(
                    (step, statistics.fmean(run.convergence[step] for run in runs)) for step in runs[0].convergence
                ),
            )

    def _run(self, variant: Variant, seed: int) -> _Run:
        config = variant.of(self._setting.config, seed=seed)
        reporter = _named(self._reporter, f"{variant.name}, seed {seed}")
        begun = self._pretrained(config, reporter) if variant.pretrained else None
        folder = self._setting.work / RUNS / (_name_of(config) + ("" if begun is None else "-pretrained"))
        candidate = make_candidate(
            self._setting.logs,
            folder,
            config,
            reporter=reporter,
            clock=self._clock,
            clock_ms=self._clock_ms,
            given_examples=self._examples,
            start_from=begun,
        )
        scores = {**candidate.report.scores, **self._good(candidate, folder)}
        measured = {line.step: line.recall for line in read_journal(folder / JOURNAL) if line.recall is not None}
        return _Run(scores, measured)

    def _pretrained(self, config: TrainingConfig, reporter: Reporter) -> Path:
        """The work folder of towers that have read the catalogue alone; made once."""
        folder = self._setting.work / PRETRAINED / _name_of(for_pretraining(config))
        pretrain(self._setting.logs, folder, config, reporter=reporter, clock=self._clock, clock_ms=self._clock_ms)
        return folder

    def _good(self, candidate: Candidate, folder: Path) -> dict[str, float]:
        """P_good, measured once: it needs the towers again."""
        truth = self._setting.truth
        if truth is None:
            return {}
        kept = folder / f"good-{candidate.bundle.bundle_id}.json"
        if not kept.exists():
            trial = trial_of(candidate.examples, self._items, candidate.before)
            found = ExactSystem(load_encoder(candidate.bundle)).exact(trial, DEPTH).answers
            good = Opinions(TruthJudge(truth), trial).good(found, DEPTH)
            kept.write_text(json.dumps({f"p_good@{DEPTH}": mean(good_share(good, DEPTH))}), encoding="utf-8")
        scores: dict[str, float] = json.loads(kept.read_text(encoding="utf-8"))
        return scores


def _named(reporter: Reporter, run: str) -> Reporter:
    return lambda report: reporter(replace(report, step=f"{run}: {report.step}"))


def _name_of(config: TrainingConfig) -> str:
    """The same for the same towers, whatever study they are a row of."""
    digest = hashlib.sha256(json.dumps(config.model_dump(exclude={"run": FREE_TO_CHANGE}), sort_keys=True).encode())
    return f"{config.model.name}-{digest.hexdigest()[:10]}-seed-{config.run.seed}"
