"""`multigrain teacher`: from judgments to cleaned logs, as a person runs it."""

import json
from pathlib import Path

import pytest

from commands.main import EXIT_OURS, EXIT_THEIRS, main
from trainer.data.logs import read_logs

pytestmark = pytest.mark.slow

CONFIG = """
dims = 8
word_units = 8
pair_units = 8
seeds = 1
rounds = 2
round_steps = 20
batch_queries = 16
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated shop's logs with judgments, and a teacher trained on them."""
    root = tmp_path_factory.mktemp("taught-shop")
    size = ["--items", "200", "--users", "60", "--days", "3", "--seed", "5", "--judged", "900"]
    assert main(["synth", *size, "--out", str(root / "logs"), "--json"]) == 0
    (root / "teacher.toml").write_text(CONFIG)
    return root


@pytest.fixture(scope="module")
def teacher(shop: Path) -> Path:
    config = str(shop / "teacher.toml")
    train = ["teacher", "train", "--logs", str(shop / "logs"), "--out", str(shop / "out"), "--train-config", config]
    assert main(train) == 0
    return shop / "out"


def clean(shop: Path, teacher: Path, out: Path, *options: str) -> int:
    folders = ["--logs", str(shop / "logs"), "--teacher", str(teacher), "--out", str(out)]
    return main(["teacher", "clean", *folders, "--json", *options])


def test_training_tells_its_figures_as_one_object(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(shop / "teacher.toml")
    train = ["teacher", "train", "--logs", str(shop / "logs"), "--out", str(shop / "again"), "--train-config", config]
    capsys.readouterr()
    assert main([*train, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    names = [figure["name"] for figure in told["figures"]]
    assert names[0] == "AUC"
    assert {"ordering accuracy", "ordering accuracy of BM25"} < set(names)
    assert all(figure["low"] <= figure["value"] <= figure["high"] for figure in told["figures"])
    assert sum(told["pairs"].values()) == 900


def test_cleaning_drops_poor_clicks_and_keeps_every_order(
    shop: Path, teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    # Whatever is no order goes where it came from a search: P is below 1 for all.
    assert clean(shop, teacher, tmp_path / "clean", "--below", "1") == 0
    told = json.loads(capsys.readouterr().out)
    before, after = read_logs(shop / "logs"), read_logs(tmp_path / "clean")
    rows = before.events.to_pylist()
    kept = [row for row in rows if row["search_id"] is None or row["action"] == "order"]
    assert after.events.to_pylist() == kept
    assert told["judged"] == sum(row["search_id"] is not None for row in rows)
    assert told["orders_kept"] == sum(row["search_id"] is not None and row["action"] == "order" for row in rows)
    assert sum(told["dropped"].values()) == len(rows) - len(kept)
    assert after.searches.equals(before.searches)


def test_nothing_is_below_zero(shop: Path, teacher: Path, tmp_path: Path) -> None:
    assert clean(shop, teacher, tmp_path / "clean", "--below", "0") == 0
    assert read_logs(tmp_path / "clean").events.equals(read_logs(shop / "logs").events)


def test_logs_are_not_overwritten_and_chances_are_chances(shop: Path, teacher: Path, tmp_path: Path) -> None:
    assert clean(shop, teacher, shop / "logs") == EXIT_THEIRS
    assert clean(shop, teacher, tmp_path / "clean", "--below", "1.5") == EXIT_THEIRS
    assert main(["teacher", "clean", "--logs", str(shop / "logs"), "--out", str(tmp_path / "clean")]) == EXIT_THEIRS
    assert clean(shop, shop / "logs", tmp_path / "clean") == EXIT_OURS
    assert not (tmp_path / "clean").exists()


def test_unknown_key_of_the_config_is_refused(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "typo.toml").write_text("round = 3\n")
    train = ["teacher", "train", "--logs", str(shop / "logs"), "--out", str(tmp_path / "out")]
    assert main([*train, "--train-config", str(tmp_path / "typo.toml")]) == EXIT_THEIRS
    assert not (tmp_path / "out").exists()
