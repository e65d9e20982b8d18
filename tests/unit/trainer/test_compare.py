"""Two systems on the same searches."""

from dataclasses import astuple

import numpy as np
import pytest

from multigrain.types import Int64s
from tests.builders import an_item
from tests.unit.trainer.trials import a_trial, an_example
from trainer.evaluation.bootstrap import paired_difference, paired_differences
from trainer.evaluation.compare import compare, differences
from trainer.evaluation.evaluate import Evaluation, evaluate
from trainer.evaluation.systems.system import Answers, Stage, Tell, padded
from trainer.evaluation.trial import Trial

ITEMS = [an_item(number) for number in range(120)]
TRIAL = a_trial(
    [an_example(f"query {number}", f"sku-{number}", number=number) for number in range(60)], ITEMS, asked={"query 3": 9}
)


class Shifted:
    """Answers the wanted item, and what stands behind it; but for some searches nothing wanted."""

    def __init__(self, name: str, misses: range) -> None:
        self.name = self.bundle_id = name
        self._misses = misses

    def stages(self, trial: Trial, k: int, tell: Tell) -> list[Stage]:
        tell(len(trial), len(trial))
        return [Stage("exact", "", Answers(rows=padded([self._answer(row) for row in range(len(trial))], k)))]

    def why(self, trial: Trial, search: int, row: int) -> str:
        return "it was told to"

    def _answer(self, search: int) -> Int64s:
        wanted = np.arange(search, search + 10)
        return wanted + 50 if search in self._misses else wanted


def evaluated(name: str, misses: range, trial: Trial = TRIAL) -> Evaluation:
    return evaluate(trial, [Shifted(name, misses)], subject=name, k=100)


def test_the_difference_is_paired_and_has_an_interval() -> None:
    comparison = compare(evaluated("a", range(30)), evaluated("b", range(15)))
    gain = comparison.differences["recall@100"]["all"]
    assert (gain.mean, gain.queries, gain.sure) == (15 / 60, 60, True)
    assert 0.1 < gain.low < 0.25 < gain.high < 0.4
    same = compare(evaluated("a", range(30)), evaluated("c", range(30)))
    assert same.differences["recall@100"]["all"].mean == 0
    assert same.changed == (), "nothing changed"


def test_what_changed_most_comes_first_with_what_came_and_went() -> None:
    comparison = compare(evaluated("a", range(30)), evaluated("b", range(15)))
    assert {query.query for query in comparison.changed} == {f"query {number}" for number in range(15, 30)}
    first = comparison.changed[0]
    assert (first.before, first.after, first.overlap) == (0, 1, 0)
    assert [item.wanted for item in first.came] == [True, False, False, False, False]
    assert not any(item.wanted for item in first.went)


def test_only_what_was_asked_the_same_is_compared() -> None:
    with pytest.raises(ValueError, match="not asked the same"):
        compare(evaluated("a", range(3)), evaluated("b", range(3), a_trial(TRIAL.examples[:50], ITEMS)))


def test_the_worst_searches_are_those_that_found_least_the_most_asked_first() -> None:
    report = evaluated("a", range(30)).report
    assert [query.query for query in report.worst][:2] == ["query 3", "query 0"]
    worst = report.worst[0]
    assert (worst.score, worst.wanted[0].item_id, worst.wanted[0].note) == (0, "sku-3", "not returned")
    assert worst.returned[0].item_id == "sku-53"
    assert worst.why.endswith("it was told to")
    assert len(report.worst) == 20


def test_many_metrics_at_once_equal_one_by_one_and_nearly_what_drawing_queries_gives() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((400, 3)), rng.random((400, 3)) + 0.05
    a[::7, 1] = np.nan
    for metric, together in enumerate(paired_differences(a, b)):
        assert astuple(together) == pytest.approx(astuple(paired_difference(a[:, metric], b[:, metric])))
        gains = (b - a)[~np.isnan(a[:, metric]), metric]
        drawn = gains[rng.integers(len(gains), size=(2000, len(gains)))].mean(1)
        assert (together.mean, together.queries) == (pytest.approx(gains.mean()), len(gains))
        assert together.low == pytest.approx(np.quantile(drawn, 0.025), abs=0.01)
        assert together.high == pytest.approx(np.quantile(drawn, 0.975), abs=0.01)


def test_a_slice_that_a_metric_says_nothing_about_is_left_out() -> None:
    nothing = {"m": np.array([np.nan, 1.0])}
    found = differences(nothing, {"m": np.array([0.0, 2.0])}, {"all": np.arange(2), "first": np.array([0])})
    assert found["m"].keys() == {"all"}
    assert found["m"]["all"].mean == 1
