"""The rules of the gate, on figures by hand. It never fails open."""

import pytest

from multigrain.errors import GateRefused
from multigrain.registry.generation import GateVerdict
from multigrain.settings import GateSettings
from multigrain.settings_in_force import load_settings
from trainer.evaluation.bootstrap import Difference
from trainer.evaluation.gate import Live, verdict_of
from trainer.evaluation.report import Cell, StageReport
from trainer.publish.gate import kept, require_passed


def a_stage(mean: float, tail: float) -> StageReport:
    cells = {
        "recall@100": {
            "all": Cell(mean=mean, low=mean - 0.01, high=mean + 0.01, queries=1000),
            "frequency: tail": Cell(mean=tail, low=tail - 0.1, high=tail + 0.1, queries=40),
        }
    }
    return StageReport(name="exact", says="", cells=cells)


def rules(at_least: dict[str, float] | None = None, no_worse: dict[str, float] | None = None) -> GateSettings:
    return GateSettings(at_least=at_least or {}, no_worse_than_live=no_worse or {})  # type: ignore[call-arg]  # pydantic fills defaults


def beside(**fell: Difference) -> Live:
    return Live("g-1", a_stage(0.7, 0.5), {"recall@100": {name.replace("_", ": "): one for name, one in fell.items()}})


def test_a_floor_is_reached_at_the_floor_itself() -> None:
    assert verdict_of(a_stage(0.7, 0.5), rules({"recall@100": 0.7}), None).passed


def test_below_a_floor_the_verdict_names_metric_slice_both_numbers_and_the_interval() -> None:
    verdict = verdict_of(a_stage(0.7, 0.5), rules({"recall@100 of frequency: tail": 0.55, "recall@100": 0.6}), None)
    assert (verdict.passed, verdict.rules) == (False, 2)
    (refusal,) = verdict.refusals
    assert (refusal.metric, refusal.slice) == ("recall@100", "frequency: tail")
    assert refusal.sentence == (
        "recall@100 of frequency: tail is 0.5000 (0.4000 .. 0.6000, 40 searches), 0.55 is its floor"
    )


@pytest.mark.parametrize("name", ["good@100", "recall@100 of user: new"])
def test_what_was_not_measured_is_not_met(name: str) -> None:
    assert not verdict_of(a_stage(0.7, 0.5), rules({name: 0.0}), None).passed
    assert not verdict_of(a_stage(0.7, 0.5), rules(None, {name: 1.0}), beside()).passed


@pytest.mark.parametrize(
    ("low", "passes"),
    [(-0.02, True), (-0.0201, False), (0.03, True)],
)
def test_no_worse_looks_at_the_low_end_of_the_interval(low: float, passes: bool) -> None:
    fell = Difference(mean=low + 0.01, low=low, high=low + 0.02, queries=1000)
    assert verdict_of(a_stage(0.7, 0.5), rules(None, {"recall@100": 0.02}), beside(all=fell)).passed is passes


def test_a_fall_is_told_with_both_numbers() -> None:
    fell = Difference(mean=-0.03, low=-0.05, high=-0.01, queries=1000)
    verdict = verdict_of(a_stage(0.67, 0.5), rules(None, {"recall@100": 0.02}), beside(all=fell))
    assert verdict.against == "g-1"
    assert verdict.refusals[0].sentence == (
        "recall@100 of all is 0.6700, 0.7000 in g-1: by -0.0300 (-0.0500 .. -0.0100, 1,000 searches), "
        "and it may fall by at most 0.02"
    )


def test_with_nothing_live_there_is_nothing_to_be_worse_than() -> None:
    verdict = verdict_of(a_stage(0.1, 0.1), rules(None, {"recall@100": 0.0}), None)
    assert (verdict.passed, verdict.against, verdict.rules) == (True, None, 0)


def test_the_registry_keeps_the_sentences_and_a_refusal_is_raised_with_all_of_them() -> None:
    verdict = kept(verdict_of(a_stage(0.7, 0.5), rules({"recall@100": 0.9, "mrr": 0.1}), None))
    assert (verdict.passed, verdict.against, len(verdict.refusals)) == (False, None, 2)
    with pytest.raises(GateRefused, match=r"refuses b-1: recall@100 of all is 0\.7.*; mrr of all was not measured"):
        require_passed("b-1", verdict)
    require_passed("b-1", GateVerdict(passed=True, against=None))


def test_rules_come_from_the_settings_as_a_table_or_as_json_in_a_variable() -> None:
    given = {"MULTIGRAIN_GATE_AT_LEAST": '{"recall@100 of frequency: tail": 0.4}'}
    assert load_settings(given).gate.at_least == {"recall@100 of frequency: tail": 0.4}
    assert load_settings({}).gate.no_worse_than_live == {"recall@100": 0.02}
