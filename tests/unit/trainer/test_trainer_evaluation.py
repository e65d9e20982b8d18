"""Recall, popularity and the report, by hand."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from multigrain.types import ItemId
from tests.unit.trainer.conftest import SmallRun
from trainer.data.example_rows import read_examples
from trainer.data.logs import items_of
from trainer.evaluation.before import Before
from trainer.evaluation.evaluate import evaluate_bundle
from trainer.evaluation.recall import recall_at
from trainer.evaluation.report import load_report, save_report
from trainer.evaluation.trial import make_trial


def test_recall_is_the_mean_share_of_the_wanted_that_was_found() -> None:
    found = np.array([[5, 6, 7], [1, 2, 3], [8, 9, 4]])
    wanted = [[6, 40], [1, 2, 3], []]
    assert recall_at(found, wanted, 3) == pytest.approx((1 / 2 + 3 / 3) / 2)
    assert recall_at(found, wanted, 1) == pytest.approx((0 / 2 + 1 / 3) / 2)
    assert recall_at(found[:0], [], 3) == 0.0


class KnowsEverything:
    """An encoder whose query vector is the one-hot of the item that a word of the query names."""

    bundle_id, dims = "b-oracle", 200

    def encode_items(self, items):  # type: ignore[no-untyped-def]  # a test's encoder
        return np.eye(len(items), self.dims, dtype=np.float32)

    def encode_queries(self, queries):  # type: ignore[no-untyped-def]  # as above
        return np.stack([np.eye(self.dims, dtype=np.float32)[int(text)] for text, _ in queries])


def test_a_model_that_knows_everything_scores_one_and_items_off_the_shelf_do_not_count(small_run: SmallRun) -> None:
    items = list(items_of(small_run.logs))
    (example, *_) = read_examples(small_run.candidate.examples, "test")
    known = replace(example, query="7", clicked=(items[7].item_id, ItemId("gone")))
    lost = replace(example, clicked=(ItemId("gone"),))
    seen = Before(clicks=Counter({item.item_id: row for row, item in enumerate(items)}), asked=Counter())
    report = evaluate_bundle(KnowsEverything(), make_trial([known, lost], items, seen))  # type: ignore[arg-type]  # it has no windows
    assert (report.queries, report.items) == (1, 200)
    assert report.scores["recall@10"] == report.scores["history_off_recall@10"] == report.scores["mrr"] == 1.0
    assert report.scores["popularity_recall@10"] == 0.0
    assert "new_recall@100" not in report.scores, "item 7 was clicked before"
    unseen = Before(clicks=Counter(), asked=Counter())
    fresh = evaluate_bundle(KnowsEverything(), make_trial([known, lost], items, unseen))  # type: ignore[arg-type]  # as above
    assert (fresh.scores["new_recall@100"], fresh.slices["new"]) == (1.0, 1)


def test_a_report_is_read_as_it_was_written(small_run: SmallRun, tmp_path: Path) -> None:
    save_report(small_run.candidate.report, tmp_path)
    assert load_report(tmp_path) == small_run.candidate.report


def test_the_trained_bundle_was_scored_beside_its_yardsticks(small_run: SmallRun) -> None:
    scores = small_run.candidate.report.scores
    metrics = {"ndcg@10", "mrr", "hit@5", "hit@10", "coverage@100", *(f"recall@{k}" for k in (10, 50, 100, 300))}
    plain = {name + metric for name in ("", "history_off_", "popularity_") for metric in metrics}
    slices = small_run.candidate.report.slices
    windows = slices.keys() - {"new"}
    assert windows <= {"realtime", "short", "long"}
    sliced = {f"only_{w}_{n}recall@100" for w in windows for n in ("", "withheld_")}
    gains = small_run.candidate.report.gains
    assert gains.keys() == windows | {"history"}
    assert gains["history"].mean == pytest.approx(scores["recall@100"] - scores["history_off_recall@100"])
    assert gains["history"].low <= gains["history"].mean <= gains["history"].high
    ordered = {f"{name}order_recall@100" for name in ("", "history_off_", "popularity_")}
    heights = {"height_ordered", "height_clicked", "height_unclicked"}
    by_stage = heights | {"ordered_over_unclicked", "clicked_over_unclicked"}
    assert set(scores) - ordered == plain | sliced | by_stage | ({"new_recall@100"} if slices["new"] else set())
    assert scores["recall@300"] == scores["popularity_recall@300"] == 1.0, "there are 200 items"
    assert scores["recall@10"] <= scores["recall@50"] <= scores["recall@100"]
