"""Exact top k, recall, popularity and the report, by hand and against sorting."""

from pathlib import Path

import numpy as np
import pytest

from multigrain.errors import GateRefused
from multigrain.types import ItemId
from tests.unit.trainer.conftest import SmallRun
from trainer.evaluation import topk
from trainer.evaluation.bootstrap import Difference
from trainer.evaluation.evaluate import Report, evaluate, load_report, save_report
from trainer.evaluation.popularity import most_clicked
from trainer.evaluation.recall import recall_at
from trainer.evaluation.topk import exact_top_k
from trainer.publish.gate import check_gate


@pytest.mark.parametrize("k", [1, 7, 30, 100])
@pytest.mark.parametrize("spare", [1, 1_000])
@pytest.mark.parametrize("kinds", [3, 1_000_000])
def test_top_k_in_blocks_equals_sorting_with_equal_scores_in_order_of_the_row(
    monkeypatch: pytest.MonkeyPatch, k: int, spare: int, kinds: int
) -> None:
    for name, value in (("ITEMS_AT_ONCE", 13), ("QUERIES_AT_ONCE", 3), ("SPARE", spare)):
        monkeypatch.setattr(topk, name, value)
    rng = np.random.default_rng(0)
    # Small integers: products are exact, and with three kinds of them most scores are equal to others.
    queries, items = (rng.integers(0, kinds, (rows, 4)) % 4096 for rows in (10, 50))
    queries, items = queries.astype(np.float32), items.astype(np.float32)
    expected = np.argsort(-(queries @ items.T), axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(exact_top_k(queries, items, k), expected)


def test_an_item_that_is_no_number_is_nobodys_best_and_a_query_that_is_none_is_refused() -> None:
    items = np.eye(4, dtype=np.float32)
    items[1] = np.nan
    asked = np.ones((1, 4), np.float32)
    assert exact_top_k(asked, items, 3).tolist() == [[0, 2, 3]]
    with pytest.raises(ValueError, match="no number"):
        exact_top_k(asked * np.nan, items, 1)
    with pytest.raises(ValueError, match="no number"):
        exact_top_k(asked, items, 4)


def test_recall_is_the_mean_share_of_the_wanted_that_was_found() -> None:
    found = np.array([[5, 6, 7], [1, 2, 3], [8, 9, 4]])
    wanted = [[6, 40], [1, 2, 3], []]
    assert recall_at(found, wanted, 3) == pytest.approx((1 / 2 + 3 / 3) / 2)
    assert recall_at(found, wanted, 1) == pytest.approx((0 / 2 + 1 / 3) / 2)
    assert recall_at(found[:0], [], 3) == 0.0


def test_popularity_gives_everybody_the_most_clicked() -> None:
    assert most_clicked(np.array([3, 9, 0, 9]), 3, queries=2).tolist() == [[1, 3, 0], [1, 3, 0]]


class KnowsEverything:
    """An encoder whose query vector is the one-hot of the item that a word of the query names."""

    bundle_id, dims = "b-oracle", 200

    def encode_items(self, items):  # type: ignore[no-untyped-def]  # a test's encoder
        return np.eye(len(items), self.dims, dtype=np.float32)

    def encode_queries(self, queries):  # type: ignore[no-untyped-def]  # as above
        return np.stack([np.eye(self.dims, dtype=np.float32)[int(text)] for text, _ in queries])


def test_a_model_that_knows_everything_scores_one_and_items_off_the_shelf_do_not_count(small_run: SmallRun) -> None:
    from dataclasses import replace

    from trainer.data.example_rows import read_examples
    from trainer.data.logs import items_of

    items = list(items_of(small_run.logs))
    (example, *_) = read_examples(small_run.candidate.examples, "test")
    known = replace(example, query="7", clicked=(items[7].item_id, ItemId("gone")))
    lost = replace(example, clicked=(ItemId("gone"),))
    clicks = np.arange(len(items))
    report = evaluate(KnowsEverything(), [known, lost], items, clicks)  # type: ignore[arg-type]  # it has no windows
    assert (report.queries, report.items) == (1, 200)
    assert report.scores["recall@10"] == report.scores["history_off_recall@10"] == 1.0
    assert report.scores["popularity_recall@10"] == 0.0
    assert "new_recall@100" not in report.scores, "item 7 was clicked before"
    fresh = evaluate(KnowsEverything(), [known, lost], items, 0 * clicks)  # type: ignore[arg-type]  # it has no windows
    assert (fresh.scores["new_recall@100"], fresh.slices["new"]) == (1.0, 1)


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    gains = {"history": Difference(mean=0.1, low=0.05, high=0.15, queries=3)}
    report = Report(bundle_id="b", queries=3, items=4, scores={"recall@100": 0.25}, gains=gains, slices={"new": 2})
    save_report(report, tmp_path)
    assert load_report(tmp_path) == report


def test_the_gate_refuses_below_the_floor_with_the_figures() -> None:
    report = Report(bundle_id="b-1", queries=300, items=4, scores={"recall@100": 0.25})
    check_gate(report, floor=0.25)
    with pytest.raises(GateRefused, match=r"b-1 has recall@100 0\.2500 over 300 test searches, 0\.2600 is the floor"):
        check_gate(report, floor=0.26)


def test_the_trained_bundle_was_scored_beside_its_yardsticks(small_run: SmallRun) -> None:
    scores = small_run.candidate.report.scores
    plain = {f"{n}recall@{k}" for n in ("", "history_off_", "popularity_") for k in (10, 50, 100, 300)}
    slices = small_run.candidate.report.slices
    windows = slices.keys() - {"new"}
    assert windows <= {"realtime", "short", "long"}
    sliced = {f"only_{w}_{n}recall@100" for w in windows for n in ("", "withheld_")}
    gains = small_run.candidate.report.gains
    assert gains.keys() == windows | {"history"}
    assert gains["history"].mean == pytest.approx(scores["recall@100"] - scores["history_off_recall@100"])
    assert gains["history"].low <= gains["history"].mean <= gains["history"].high
    assert set(scores) == plain | sliced | ({"new_recall@100"} if slices["new"] else set())
    assert scores["recall@300"] == scores["popularity_recall@300"] == 1.0, "there are 200 items"
    assert scores["recall@10"] <= scores["recall@50"] <= scores["recall@100"]
