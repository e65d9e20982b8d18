"""Examples that were made before: taken when they are what this run would have made, else refused by the field."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from multigrain.errors import InvalidConfig, NotFound
from multigrain.finished import MARK
from tests.small_training import small_config
from tests.unit.trainer.conftest import SmallRun
from trainer.data.examples import MANIFEST, read_manifest
from trainer.data.finished_examples import check_examples


@pytest.fixture
def examples(small_run: SmallRun, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_run.candidate.examples, tmp_path / "examples"))


def test_the_examples_of_this_config_are_taken(small_run: SmallRun, examples: Path) -> None:
    check_examples(examples, small_run.logs, small_run.config)


def test_unfinished_ones_are_not(small_run: SmallRun, examples: Path) -> None:
    (examples / MARK).unlink()
    with pytest.raises(NotFound, match="holds no finished examples"):
        check_examples(examples, small_run.logs, small_run.config)


def test_grains_of_another_analyzer_are_refused(small_run: SmallRun, examples: Path) -> None:
    manifest = json.loads((examples / MANIFEST).read_text())
    (examples / MANIFEST).write_text(json.dumps({**manifest, "analyzer": "spaces/1"}))
    with pytest.raises(InvalidConfig, match=r"analyzer: spaces/1 in the examples.*multigrain examples"):
        check_examples(examples, small_run.logs, small_run.config)


def test_examples_of_other_logs_are_refused(small_run: SmallRun, examples: Path) -> None:
    fewer = replace(small_run.logs, events=small_run.logs.events[:10], searches=small_run.logs.searches[:10])
    with pytest.raises(InvalidConfig, match="logs: end at"):
        check_examples(examples, fewer, small_run.config)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"run": {"test_hours": 5.0}}, r"run\.test_hours: 24 in the examples, 5 for this run"),
        ({"run": {"leave_out_hours": 2.0}}, r"run\.leave_out_hours: 0 in the examples, 2 for this run"),
        ({"title_spans": {"per_item": 1}}, r"title_spans\.per_item: 0 in the examples, 1 for this run"),
        ({"windows": {"realtime_length": 3}}, r"windows\.realtime_length: 4 in the examples, 3 for this run"),
        ({"windows": {"queries_length": 1}}, r"windows\.queries_length"),
        ({"windows": {"realtime_hours": 0.5}}, r"windows\.realtime_hours"),
        ({"windows": {"short_days": 1.0}}, r"windows\.short_days"),
        ({"windows": {"short_days": 3.0}}, r"windows\.short_days"),
        ({"robots": {"searches_an_hour": 5}}, r"robots\.searches_an_hour: 60 in the examples, 5 for this run"),
    ],
)
def test_examples_cut_otherwise_are_refused(
    small_run: SmallRun, examples: Path, changes: dict[str, dict[str, object]], field: str
) -> None:
    windows = {**small_run.config.windows.model_dump(), **changes.get("windows", {})}
    with pytest.raises(InvalidConfig, match=field):
        check_examples(examples, small_run.logs, small_config(**{**changes, "windows": windows}))


def test_examples_of_an_older_version_are_refused(examples: Path, tmp_path: Path) -> None:
    old = json.loads((examples / MANIFEST).read_text())
    del old["windows"]
    (tmp_path / MANIFEST).write_text(json.dumps(old))
    with pytest.raises(NotFound, match="another version: make them again"):
        read_manifest(tmp_path)
