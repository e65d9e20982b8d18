"""One study: every variant trained with every seed on the same examples, and measured on the same searches.

Each run has a work folder of its own, so a study that was broken off goes on where it stopped.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from multigrain.encoder import load_encoder
from multigrain.types import Item
from trainer.ablation.interval import Interval
from trainer.ablation.variant import Variant
from trainer.configs.config import TrainingConfig
from trainer.data.example_rows import read_examples
from trainer.data.logs import items_of, read_logs
from trainer.evaluation.good import share_of_good
from trainer.evaluation.truth import Truth
from trainer.flow import Candidate, make_candidate
from trainer.progress import Clock, Reporter

EXAMPLES_OF = "examples"
GOOD_DEPTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One variant over all seeds."""

    variant: str
    scores: dict[str, Interval]
    """By name: those of the evaluation, and p_good@100 where there is a truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is the same for all runs of a study."""

    logs: Path
    work: Path
    config: TrainingConfig
    seeds: int
    truth: Truth | None
    """None: real logs; how good an item is cannot be known, and that column is missing."""


def run_study(
    name: str,
    variants: Sequence[Variant],
    setting: Setting,
    *,
    reporter: Reporter,
    clock: Clock,
    clock_ms: Callable[[], int],
) -> Iterator[Row]:
    """The rows, each as soon as its last seed is measured."""
    items = list(items_of(read_logs(setting.logs)))
    examples: Path | None = None
    for variant in variants:
        found: list[dict[str, float]] = []
        for seed in range(setting.seeds):
            folder = setting.work / name / _folder(variant.name) / f"seed-{seed}"
            candidate = make_candidate(
                setting.logs,
                folder,
                variant.of(setting.config, seed=seed),
                reporter=_named(reporter, f"{variant.name}, seed {seed}"),
                clock=clock,
                clock_ms=clock_ms,
                given_examples=examples,
            )
            examples = examples or candidate.examples
            found.append(candidate.report.scores | _good(candidate, items, setting.truth, folder))
        yield Row(variant=variant.name, scores={key: Interval.of([run[key] for run in found]) for key in found[0]})


def _good(candidate: Candidate, items: Sequence[Item], truth: Truth | None, folder: Path) -> dict[str, float]:
    """P_good, measured once: it needs the towers again."""
    if truth is None:
        return {}
    kept = folder / f"good-{candidate.bundle.bundle_id}.json"
    if not kept.exists():
        examples = list(read_examples(candidate.examples, "test"))
        share = share_of_good(load_encoder(candidate.bundle), examples, items, truth, GOOD_DEPTH)
        kept.write_text(json.dumps({f"p_good@{GOOD_DEPTH}": share}), encoding="utf-8")
    scores: dict[str, float] = json.loads(kept.read_text(encoding="utf-8"))
    return scores


def _named(reporter: Reporter, run: str) -> Reporter:
    return lambda report: reporter(replace(report, step=f"{run}: {report.step}"))


def _folder(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name).strip("-")
