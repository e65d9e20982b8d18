"""Answers -> metrics by search, and means with intervals; and a judge that is asked each pair once."""

from collections.abc import Sequence

import numpy as np
import pytest

from multigrain.features.windows import Windows
from multigrain.types import BehaviorColumns, Bools, Item
from tests.builders import NOON_MS, a_behavior, an_item
from tests.unit.trainer.trials import a_trial, an_example
from trainer.evaluation.judge import Opinions
from trainer.evaluation.means import cells
from trainer.evaluation.measures import coverages, measures
from trainer.evaluation.systems.popularity import PopularitySystem
from trainer.evaluation.systems.system import NOTHING, Answers, padded
from trainer.evaluation.trial import within_category

ITEMS = [an_item(number) for number in range(1, 5)]
HEARD = Windows(realtime=BehaviorColumns.of([a_behavior("sku-1", minutes_ago=10)]))
NEWEST_MS = NOON_MS - 10 * 60_000
TRIAL = a_trial(
    [
        an_example("red shoes", "sku-1", "sku-3", ordered=["sku-3"], history=HEARD),
        an_example("boots", "sku-4"),
        an_example("red shoes", "sku-2", number=1),
    ],
    ITEMS,
    clicks={"sku-4": 5, "sku-2": 9},
)
FOUND = np.array([[0, 1, 2], [0, NOTHING, NOTHING], [3, 1, NOTHING]])


def values(answers: Answers, good: Bools | None = None) -> dict[str, list[float]]:
    return {name: np.round(of_all, 6).tolist() for name, of_all in measures(TRIAL, answers, good).items()}


def test_what_was_found_is_measured_for_each_search() -> None:
    found = values(Answers(rows=FOUND))
    assert found["mrr"] == [1, 0, 0.5]
    assert found["hit@5"] == [1, 0, 1]
    assert found["order_recall@100"][0] == 1
    assert np.isnan(found["order_recall@100"][1]), "nothing was ordered"
    assert not {"good@100", "survivors@100", "fresh", "recall@10"} & found.keys(), "nobody said, and three is not ten"


def test_recall_is_given_for_the_depths_that_were_asked() -> None:
    deep = padded([np.array([0, 2]), np.array([3]), np.array([], np.int64)], 50)
    found = values(Answers(rows=deep))
    assert {name for name in found if name.startswith("recall")} == {"recall@10", "recall@50"}
    assert found["recall@10"] == [1, 1, 0]


def test_relevance_control_and_channels_are_measured_where_they_answered() -> None:
    good = np.array([[1, 1, 0], [0, 0, 0], [1, 1, 0]], bool)
    passed = np.array([[1, 0, 0], [0, 0, 0], [1, 1, 0]], bool)
    channels = np.array([[2, 6, 4], [6, 0, 0], [2, 2, 0]])
    newest_used = np.array([NEWEST_MS - 5, NOTHING, NOTHING])
    found = values(Answers(rows=FOUND, channels=channels, passed=passed, newest_used_ms=newest_used), good)
    assert found["good@100"] == pytest.approx([2 / 3, 0, 2 / 3], abs=1e-6)
    assert found["survivors@100"] == [1, 0, 2]
    assert (found["f_good@100"][0], found["f_good@100"][2]) == (1, 1)
    assert np.isnan(found["f_good@100"][1]), "nothing passed"
    assert found["exclusive_vector@100"] == [0.5, 0, 1]
    assert found["exclusive_lexical@100"] == [0.5, 0, 0]
    assert (found["fresh"][0], found["freshness_lag_ms"][0]) == (0, 5)
    assert np.isnan(found["fresh"][1]), "that user had done nothing"


def test_coverage_is_of_all_searches_together() -> None:
    assert coverages(TRIAL, Answers(rows=FOUND)) == {"coverage@100": 4 / 4}
    assert coverages(TRIAL, Answers(rows=FOUND[:2, :1])) == {"coverage@100": 1 / 4}


def test_popularity_gives_everybody_the_most_clicked_and_within_a_category_its_own() -> None:
    (stage,) = PopularitySystem().stages(TRIAL, 3, lambda done, of: None)
    assert stage.answers.rows.tolist() == [[1, 3, 0]] * 3
    items = [an_item(n, category_path=("a",) if n % 2 else ("b",)) for n in range(1, 5)]
    (stage,) = PopularitySystem().stages(
        within_category(a_trial([an_example("q", "sku-1"), an_example("r", "sku-2")], items, clicks={"sku-4": 1})),
        3,
        lambda done, of: None,
    )
    assert stage.answers.rows.tolist() == [[0, 2, NOTHING], [3, 1, NOTHING]]


def test_a_mean_has_the_count_of_its_slice_and_an_interval_of_two_standard_errors() -> None:
    metric = np.array([1.0, 0.0, np.nan, 1.0, 0.0])
    found = cells({"m": metric, "unknown": np.full(5, np.nan)}, {"all": np.arange(5), "few": np.array([1, 2])})
    assert found.keys() == {"m"}
    everything, few = found["m"]["all"], found["m"]["few"]
    assert (everything.mean, everything.queries) == (0.5, 4)
    # Standard deviation of 1, 0, 1, 0 with n - 1: sqrt(1 / 3); over sqrt(4).
    assert everything.high - everything.mean == pytest.approx(1.96 * (1 / 3) ** 0.5 / 2)
    assert (few.mean, few.low, few.queries, few.tiny) == (0.0, 0.0, 1, True)


class Counting:
    """A judge that remembers what it was asked."""

    name = "the first two items"

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def good(self, queries: Sequence[str], items: Sequence[Item]) -> Bools:
        self.asked += zip(queries, (item.item_id for item in items), strict=True)
        return np.array([item.item_id in ("sku-1", "sku-2") for item in items], bool)


def test_a_judge_is_asked_each_pair_once_and_no_item_is_not_good() -> None:
    judge = Counting()
    judged = Opinions(judge, TRIAL)
    assert judged.good(Answers(rows=FOUND), 3).tolist() == [[1, 1, 0], [1, 0, 0], [0, 1, 0]]
    assert judged.good(Answers(rows=FOUND[:, ::-1]), 4).tolist() == [[0, 1, 1, 0], [0, 0, 1, 0], [0, 1, 0, 0]]
    assert len(judge.asked) == len(set(judge.asked)) == 5, "red shoes was asked twice"
