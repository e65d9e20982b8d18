"""The gate before publishing and before promoting: a candidate against the rules, and against what is live.

Both are asked the same searches over the same catalogue, by exact search, through their bundles.
"""

from pathlib import Path

from multigrain.bundle import open_bundle
from multigrain.encoder import load_encoder
from multigrain.errors import GateRefused
from multigrain.registry.generation import GateVerdict, Generation
from multigrain.settings import GateSettings
from multigrain.types import GenerationId
from trainer.evaluation.compare import differences
from trainer.evaluation.evaluate import K, Measured, measured, stage_report
from trainer.evaluation.gate import Live, verdict_of
from trainer.evaluation.judge import Judge, Opinions
from trainer.evaluation.report import Verdict
from trainer.evaluation.slices.dimensions import slices
from trainer.evaluation.systems.exact import ExactSystem
from trainer.evaluation.trial import Trial


def ask(
    candidate: ExactSystem, live: Generation | None, trial: Trial, rules: GateSettings, relevance: Judge | None = None
) -> Verdict:
    """The rules on the candidate. `relevance` None: the teacher that the rules name, if any, says what is good.

    Raises BundleRefused when the live bundle cannot be opened.
    """
    if relevance is None and rules.teacher is not None:
        relevance = _teacher(rules.teacher)
    opinions = None if relevance is None else Opinions(relevance, trial)
    parts = slices(trial)
    own = _exact(candidate, trial, opinions)
    report = stage_report(trial, own, parts)
    if live is None:
        return verdict_of(report, rules, None)
    other = _exact(ExactSystem(load_encoder(open_bundle(Path(live.bundle_path)))), trial, opinions)
    fell = differences(other.values, own.values, parts)
    return verdict_of(report, rules, Live(live.generation_id, stage_report(trial, other, parts), fell))


def kept(verdict: Verdict) -> GateVerdict:
    """The part of it that the registry keeps."""
    return GateVerdict(
        passed=verdict.passed,
        against=None if verdict.against is None else GenerationId(verdict.against),
        refusals=tuple(refusal.sentence for refusal in verdict.refusals),
    )


def require_passed(name: str, verdict: GateVerdict) -> None:
    """Raises GateRefused with every rule that was not met."""
    if not verdict.passed:
        raise GateRefused(
            f"the gate refuses {name}: {'; '.join(verdict.refusals)}: train it better, change the rules of [gate], or "
            "publish it with --override 'why'"
        )


def _exact(system: ExactSystem, trial: Trial, opinions: Opinions | None) -> Measured:
    return measured(trial, system.exact(trial, K), system, opinions)


def _teacher(folder: Path) -> Judge:
    from trainer.evaluation.judges.taught import TeacherJudge
    from trainer.teacher.teacher import load_teacher

    return TeacherJudge(load_teacher(folder))
