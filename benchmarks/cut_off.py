"""`multigrain bench cut-off`: what a fitted cut-off drops of the vector channel's first 300, and what it should not.

Towers are trained and a cut-off is fitted on a simulated shop. The searches of its last day, which neither has seen,
are answered by exact search, which the channel's index comes near. Whether an item is good for a query is told by the
simulation's truth, whether it was wanted by the clicks.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.bench import Bench, Size
from multigrain.bundle import Bundle
from multigrain.encoder import load_encoder
from multigrain.figures import Figure
from multigrain.settings import Settings
from multigrain.types import Bools, Float32s
from trainer.configs.config import TrainingConfig, load_config
from trainer.cut_off.flow import REPORT
from trainer.data.logs import read_logs
from trainer.data.market.marketplace import Plan
from trainer.data.market.truth import FOLDER
from trainer.data.market.write import write_marketplace
from trainer.evaluation.judge import Opinions
from trainer.evaluation.judges.truth import TruthJudge
from trainer.evaluation.systems.exact import ExactSystem
from trainer.evaluation.trial import Trial, read_trial
from trainer.evaluation.truth import Truth
from trainer.flow import make_candidate
from trainer.progress import silent
from trainer.steps import CUT_OFF

PLANS = {Size.SMALL: Plan(items=3_000, users=800, days=10, seed=11)}
SEARCHES, HELD_OUT = 5_000, 1_000
K = 300


@dataclass(frozen=True, slots=True)
class First:
    """Of each test search the first K items, [B, K]."""

    vectors: Float32s
    """[B, dims], of the searches."""
    scores: Float32s
    good: Bools
    wanted: Bools


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    with tempfile.TemporaryDirectory(prefix="multigrain-bench-") as name:
        root = Path(name)
        say("simulating a shop")
        write_marketplace(root / "shop", PLANS[size], lambda done, total: None)
        say("training")
        candidate = make_candidate(
            root / "shop", root / "work", _config(), reporter=silent, clock=time.monotonic, clock_ms=lambda: 0
        )
        say("asking")
        trial = read_trial(read_logs(root / "shop"), candidate.examples)
        first = _first(candidate.bundle, trial, TruthJudge(Truth.open(root / "shop" / FOLDER)))
        report = json.loads((root / "work" / CUT_OFF / REPORT).read_text(encoding="utf-8"))
        return (*_dropped(candidate.bundle, report["least_for"], first), *_fitted(report))


def _config() -> TrainingConfig:
    config = load_config("demo")
    return config.model_copy(
        update={
            "cut_off": config.cut_off.model_copy(update={"searches": SEARCHES}),
            "run": config.run.model_copy(update={"held_out": HELD_OUT}),
        }
    )


def _first(bundle: Bundle, trial: Trial, judge: TruthJudge) -> First:
    system = ExactSystem(load_encoder(bundle))
    answers, vectors = system.exact(trial, K).answers, system.queries(trial)
    scores = np.einsum("bd,bkd->bk", vectors, system.vectors(trial)[answers.rows])
    wanted = np.array([np.isin(rows, its) for rows, its in zip(answers.rows, trial.wanted, strict=True)])
    return First(vectors, scores, Opinions(judge, trial).good(answers, K), wanted)


def _dropped(bundle: Bundle, least_for: Mapping[str, float], first: First) -> Iterator[Figure]:
    cut_off = bundle.cut_off()
    if cut_off is None:
        raise ValueError(f"{bundle.path}: has no cut-off, and one was asked for")
    kinds = {"not good by the truth": ~first.good, "good": first.good, "clicked": first.wanted}
    keep = TrainingConfig().cut_off.keep
    for kept, least in {str(keep): cut_off.least, **least_for}.items():
        cut = replace(cut_off, least=least)
        dropped = first.scores < np.array([[cut.least_score(vector)] for vector in first.vectors])
        for kind, those in kinds.items():
            yield Figure(
                name=f"keep {kept}: dropped of the first {K}, {kind} ({those.sum():,})",
                value=100 * float(dropped[those].mean()),
                unit="%",
                target=100 * (1 - float(kept)) if kind == "clicked" else None,
            )


def _fitted(report: Mapping[str, Mapping[str, float]]) -> Sequence[Figure]:
    """Of clicked and random items, on searches that training held out and that had no say in the choice."""
    figures = []
    for key, about in (("calibration_error", "calibration error"), ("log_loss", "log loss")):
        own, one = report["chosen"][key], report["one_curve"][key]
        named = f"{about}, a curve of each query"
        figures.append(Figure(name=named, value=own, unit="", target=one, limit=one, limit_name="one curve"))
    for key, about in (("wanted_lost", "clicked items lost"), ("others_dropped", "random items dropped")):
        own, one = report["chosen"][key], report["one_curve"][key]
        figures.append(Figure(name=about, value=100 * own, unit="%", limit=100 * one, limit_name="one curve"))
    return figures


BENCH = Bench(
    name="cut-off",
    summary="what a fitted cut-off drops of the vector channel's answers, and what of it was wanted",
    sizes=tuple(PLANS),
    run=_run,
)
