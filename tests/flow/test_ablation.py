"""A study trains every variant with every seed on the same examples, and goes on where it was broken off."""

import time
from pathlib import Path

import pytest

from commands import ablate
from tests.builders import NOON_MS
from tests.small_training import small_config
from trainer.ablation.run import Row, Setting, run_study
from trainer.ablation.studies import STUDIES
from trainer.ablation.variant import Variant
from trainer.data.market.marketplace import Plan
from trainer.data.market.truth import FOLDER
from trainer.data.market.write import write_marketplace
from trainer.evaluation.truth import Truth
from trainer.progress import Progress

QUICK = {"name": "text"}
"""The smallest model that there is: studies treat all alike."""
VARIANTS = (Variant(name="plain", changes={}), Variant(name="hot", changes={"loss": {"temperature": 3.0}}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ablation")
    write_marketplace(root / "logs", Plan(items=200, users=60, days=5, seed=3), lambda done, total: None)
    return root


def rows(folder: Path, reports: list[Progress]) -> list[Row]:
    setting = Setting(
        logs=folder / "logs",
        work=folder / "work",
        config=small_config(model=QUICK),
        seeds=2,
        truth=Truth.open(folder / "logs" / FOLDER),
    )
    return list(
        run_study("two", VARIANTS, setting, reporter=reports.append, clock=time.monotonic, clock_ms=lambda: NOON_MS)
    )


@pytest.mark.slow
def test_each_variant_has_an_interval_over_its_seeds_and_nothing_is_trained_twice(folder: Path) -> None:
    reports: list[Progress] = []
    first = rows(folder, reports)
    assert [row.variant for row in first] == ["plain", "hot"]
    for row in first:
        assert 0 < row.scores["recall@100"].mean <= 1
        assert 0 < row.scores["p_good@100"].mean <= 1
        assert row.scores["recall@10"].half > 0, "two seeds are two models"
    begun = [report.step for report in reports if (report.done, report.total) == (0, 1)]
    shards = {shard.stat().st_ino for shard in (folder / "work").glob("two/*/*/examples/train-0000.parquet")}
    assert len(shards) == 1, "one set of examples for all, linked"
    assert sum(step.endswith(": towers") for step in begun) == 4

    again: list[Progress] = []
    assert rows(folder, again) == first
    assert not [report for report in again if (report.done, report.total) == (0, 1)]


@pytest.mark.parametrize("study", STUDIES)
def test_every_variant_of_every_study_is_a_config_that_is_accepted(study: str) -> None:
    configs = [variant.of(small_config(), seed=1) for variant in STUDIES[study]]
    assert len({config.model_dump_json() for config in configs}) == len(configs), "no two variants are the same"
    assert {config.run.seed for config in configs} == {1}


def test_the_command_offers_every_study() -> None:
    assert tuple(STUDIES) == ablate.STUDIES
