"""Simulated raters: seeded, near the truth, and no part of a shop that nobody asked them about."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from commands.main import EXIT_THEIRS, main
from trainer.data.logs import JUDGMENTS, read_logs
from trainer.data.market.judging import rate
from trainer.data.market.truth import FOLDER
from trainer.evaluation.truth import Truth


def simulate(folder: Path, *options: str) -> int:
    size = ["--items", "150", "--users", "30", "--days", "2", "--seed", "5"]
    return main(["synth", *size, "--out", str(folder), "--json", *options])


def test_judging_changes_nothing_else_and_is_repeatable(tmp_path: Path) -> None:
    plain, judged, again = tmp_path / "plain", tmp_path / "judged", tmp_path / "again"
    assert simulate(plain) == simulate(judged, "--judged", "200") == simulate(again, "--judged", "200") == 0
    names = {path.name for path in plain.iterdir()}
    assert {path.name for path in judged.iterdir()} - names == {JUDGMENTS}
    for name in names - {FOLDER}:
        assert (plain / name).read_bytes() == (judged / name).read_bytes()
    assert (judged / JUDGMENTS).read_bytes() == (again / JUDGMENTS).read_bytes()


def test_judgments_are_distinct_pairs_near_the_truth(tmp_path: Path) -> None:
    simulate(tmp_path, "--judged", "300")
    judgments = read_logs(tmp_path).judgments
    assert judgments is not None
    queries, items = judgments["query"].combine_chunks(), judgments["item_id"].combine_chunks()
    assert len(set(zip(queries.to_pylist(), items.to_pylist(), strict=True))) == 300
    off = judgments["grade"].to_numpy() - Truth.open(tmp_path / FOLDER).grades(queries, items)
    assert 0 < np.abs(off).mean() < 0.5
    assert np.abs(off).max() <= 1


def test_a_shop_simulated_anew_has_no_judgments_of_the_old_one(tmp_path: Path) -> None:
    simulate(tmp_path, "--judged", "50")
    simulate(tmp_path)
    assert read_logs(tmp_path).judgments is None


def test_more_pairs_than_there_are_end_with_code_2(tmp_path: Path) -> None:
    assert simulate(tmp_path, "--judged", "10000000") == EXIT_THEIRS


def test_raters_stay_on_the_scale_and_are_off_on_both_sides() -> None:
    rng = np.random.default_rng(0)
    assert rate(np.zeros(500, np.uint8), rng).min() == 0
    assert rate(np.full(500, 3, np.uint8), rng).max() == 3
    assert rate(np.ones(5_000, np.uint8), rng).mean() == pytest.approx(1, abs=0.02)


def test_written_table_is_as_the_layout_has_it(tmp_path: Path) -> None:
    simulate(tmp_path, "--judged", "50")
    assert pq.read_schema(tmp_path / JUDGMENTS).names == ["query", "item_id", "grade"]
