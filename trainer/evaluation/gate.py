"""The gate: which rules an evaluation does not meet. It never fails open: what was not measured is not met.

A floor holds a mean against a number. No worse than live means: even at the low end of the interval of the paired
difference, the metric falls by no more than is allowed. With few searches that interval is wide, and the gate says no.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from multigrain.settings import GateSettings
from trainer.evaluation.compare import Differences
from trainer.evaluation.report import ALL, Refusal, StageReport, Verdict

OF = " of "
"""Stands between metric and slice in the name of a rule."""


@dataclass(frozen=True, slots=True)
class Live:
    """What is live now, measured on the same searches."""

    generation_id: str
    stage: StageReport
    differences: Differences
    """The candidate less the live one."""


def verdict_of(candidate: StageReport, rules: GateSettings, live: Live | None) -> Verdict:
    """Every rule on the candidate. `live` None: nothing is, so there is nothing to be worse than."""
    refusals = list(_unmet(rules.at_least, lambda metric, part, floor: _below(candidate, metric, part, floor)))
    count = len(rules.at_least)
    if live is not None:
        falls = _unmet(
            rules.no_worse_than_live, lambda metric, part, allowed: _worse(candidate, live, metric, part, allowed)
        )
        refusals += falls
        count += len(rules.no_worse_than_live)
    return Verdict(
        passed=not refusals,
        against=None if live is None else live.generation_id,
        rules=count,
        refusals=tuple(refusals),
    )


def _unmet(rules: Mapping[str, float], ask: Callable[[str, str, float], str]) -> Iterator[Refusal]:
    """`ask` gives a sentence for a rule that is not met, and an empty one otherwise."""
    for name, number in rules.items():
        metric, _, part = name.partition(OF)
        sentence = ask(metric, part or ALL, number)
        if sentence:
            yield Refusal(metric=metric, slice=part or ALL, sentence=sentence)


def _below(stage: StageReport, metric: str, part: str, floor: float) -> str:
    cell = stage.cells.get(metric, {}).get(part)
    if cell is None:
        return f"{metric} of {part} was not measured, and {floor:g} is its floor"
    if cell.mean >= floor:
        return ""
    return (
        f"{metric} of {part} is {cell.mean:.4f} ({cell.low:.4f} .. {cell.high:.4f}, {cell.queries:,} searches), "
        f"{floor:g} is its floor"
    )


def _worse(stage: StageReport, live: Live, metric: str, part: str, allowed: float) -> str:
    difference = live.differences.get(metric, {}).get(part)
    if difference is None:
        return f"{metric} of {part} was not measured beside {live.generation_id}, and may fall by at most {allowed:g}"
    if difference.low >= -allowed:
        return ""
    return (
        f"{metric} of {part} is {stage.score(metric, part):.4f}, {live.stage.score(metric, part):.4f} in "
        f"{live.generation_id}: by {difference.mean:+.4f} ({difference.low:+.4f} .. {difference.high:+.4f}, "
        f"{difference.queries:,} searches), and it may fall by at most {allowed:g}"
    )
