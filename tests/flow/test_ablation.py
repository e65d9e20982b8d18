"""A study trains every variant with every seed on the same examples, and goes on where it was broken off."""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from commands import ablate
from commands.main import main
from tests.builders import NOON_MS
from tests.small_training import small_config
from trainer.ablation.interval import Interval
from trainer.ablation.run import Row, Setting, Study
from trainer.ablation.studies import STUDIES
from trainer.ablation.tables import table_of, write_results
from trainer.ablation.variant import Variant
from trainer.configs.config import shipped_configs
from trainer.data.market.marketplace import Plan
from trainer.data.market.truth import FOLDER
from trainer.data.market.write import write_marketplace
from trainer.evaluation.truth import Truth
from trainer.losses.objective import check_objective
from trainer.progress import Progress

QUICK = {"name": "text"}
"""The smallest model that there is: studies treat all alike."""
VARIANTS = (Variant(name="plain", changes={}), Variant(name="hot", changes={"loss": {"temperature": 3.0}}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ablation")
    write_marketplace(root / "logs", Plan(items=200, users=60, days=5, seed=3), lambda done, total: None)
    return root


def rows(folder: Path, reports: list[Progress], variants: Sequence[Variant] = VARIANTS) -> list[Row]:
    setting = Setting(
        logs=folder / "logs",
        work=folder / "work",
        config=small_config(model=QUICK),
        seeds=2,
        truth=Truth.open(folder / "logs" / FOLDER),
    )
    study = Study(setting, reporter=reports.append, clock=time.monotonic, clock_ms=lambda: NOON_MS)
    return list(study.rows(variants))


@pytest.mark.slow
def test_each_variant_has_an_interval_over_its_seeds_and_nothing_is_trained_twice(folder: Path) -> None:
    reports: list[Progress] = []
    first = rows(folder, reports)
    assert [row.variant for row in first] == ["plain", "hot"]
    for row in first:
        assert 0 < row.scores["recall@100"].mean <= 1
        assert 0 < row.scores["p_good@100"].mean <= 1
        assert row.scores["recall@10"].half > 0, "two seeds are two models"
        ((steps, recall),) = row.convergence
        assert steps > 0
        assert 0 < recall <= 1, "measured at the end at least"
    begun = [report.step for report in reports if (report.done, report.total) == (0, 1)]
    shards = {shard.stat().st_ino for shard in (folder / "work").glob("**/examples/train-0000.parquet")}
    assert len(shards) == 1, "one set of examples for all, linked"
    assert sum(step.endswith(": towers") for step in begun) == 4

    again: list[Progress] = []
    renamed = replace(VARIANTS[0], name="of another study")
    assert [row.scores for row in rows(folder, again, (*VARIANTS, renamed))] == [
        row.scores for row in (*first, first[0])
    ]
    assert not [report for report in again if (report.done, report.total) == (0, 1)]


@pytest.mark.slow
def test_a_variant_may_start_from_towers_that_have_read_the_catalogue(folder: Path) -> None:
    reports: list[Progress] = []
    bag = {"model": {"name": "bag"}}
    begun = Variant(name="pre-trained", changes={**bag, "pretraining": {"per_item": 2}}, pretrained=True)
    fresh, pretrained = rows(folder, reports, (Variant(name="fresh", changes=bag), begun))
    assert fresh.scores["recall@100"].mean != pretrained.scores["recall@100"].mean
    runs = [path.name for path in (folder / "work" / "runs").iterdir()]
    assert sum(name.endswith("-pretrained") for name in runs) == 2, "one for each seed"
    assert len(list((folder / "work" / "pretrained").iterdir())) == 2

    again: list[Progress] = []
    assert [row.scores for row in rows(folder, again, (begun,))] == [pretrained.scores]
    assert not [report for report in again if (report.done, report.total) == (0, 1)], "nothing is trained twice"


def a_row(variant: str, mean: float, half: float) -> Row:
    return Row(variant=variant, scores={"recall@100": Interval(mean, half)}, convergence=((20, mean / 2), (40, mean)))


def test_a_table_says_of_each_variant_how_far_it_is_from_the_first_and_whether_that_is_sure() -> None:
    told = table_of("tau", [a_row("two", 0.5, 0.01), a_row("far", 0.6, 0.02), a_row("near", 0.51, 0.01)], seeds=3)
    assert "| two | 0.500 ± 0.010 |  |" in told
    assert "| far | 0.600 ± 0.020 | +0.100 |" in told
    assert "| near | 0.510 ± 0.010 | +0.010 (intervals overlap) |" in told


def test_a_table_has_the_stages_where_they_were_measured() -> None:
    row = a_row("two", 0.5, 0.01)
    assert "height_ordered" not in table_of("tau", [row], seeds=3)
    measured = replace(row, scores={**row.scores, "height_ordered": Interval(2.5, 0.1)})
    assert "| variant | height_ordered |\n| --- | ---: |\n| two | 2.500 ± 0.100 |" in table_of("a", [measured], seeds=3)


def test_the_same_rows_give_the_same_bytes_and_the_plot_names_every_variant(tmp_path: Path) -> None:
    found = [a_row("one seed", 0.5, math.inf), a_row("three seeds", 0.6, 0.02)]
    for place in ("a", "b"):
        write_results("tau", found, seeds=3, folder=tmp_path / place)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["tau.json", "tau.md", "tau.svg"]
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    plot = (tmp_path / "a" / "tau.svg").read_text()
    assert plot.count("one seed") >= 2
    assert plot.count("three seeds") >= 2
    figures = json.loads((tmp_path / "a" / "tau.json").read_text())["figures"]
    assert [figure["half_interval"] for figure in figures] == [None, 0.02]


@pytest.mark.slow
def test_the_command_leaves_a_table_a_plot_and_figures(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "small.toml").write_text(
        '[model]\nname = "text"\ndims = 8\nheads = 2\n[loss]\npool = 32\n[run]\nbatch_size = 16\n'
    )
    places = ["--logs", str(folder / "logs"), "--out", str(tmp_path / "out")]
    config = ["--train-config", str(tmp_path / "small.toml"), "--seeds", "1", "--epochs", "1"]
    assert main(["--json", "ablate", "losses", *places, *config]) == 0
    figures = {figure["name"]: figure["value"] for figure in json.loads(capsys.readouterr().out)["figures"]}
    assert figures["losses: softmax: recall@100"] != figures["losses: hinge: recall@100"]
    assert {path.name for path in (tmp_path / "out" / "results").iterdir()} == {
        f"losses.{e}" for e in ("md", "svg", "json")
    }


@pytest.mark.parametrize(("model", "study"), [(model, study) for model in STUDIES for study in STUDIES[model]])
def test_every_variant_of_every_study_is_a_config_that_is_accepted(model: str, study: str) -> None:
    configs = [
        variant.of(small_config(model={"name": model}, loss={"pool": 512}), seed=1) for variant in STUDIES[model][study]
    ]
    for config in configs:
        check_objective(config)
    told = {
        (config.model_dump_json(), variant.pretrained)
        for config, variant in zip(configs, STUDIES[model][study], strict=True)
    }
    assert len(told) == len(configs), "no two variants are the same"
    assert {config.run.seed for config in configs} == {1}


def test_the_command_offers_every_study() -> None:
    assert {model: tuple(studies) for model, studies in STUDIES.items()} == ablate.STUDIES
    assert set(ablate.CONFIGS.values()) <= set(shipped_configs())


def test_a_study_of_the_other_model_is_refused_with_those_of_this_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ablate", "terms", "--logs", str(tmp_path), "--out", str(tmp_path / "out")]) != 0
    assert "'terms' is no study of mgdspr" in " ".join(capsys.readouterr().err.split())
