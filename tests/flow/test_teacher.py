"""`multigrain teacher`: from judgments to logs that are cleaned, or labelled for the towers, as a person runs it."""

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from commands.main import EXIT_OURS, EXIT_THEIRS, main
from multigrain.features.windows import HOUR_MS
from tests.builders import NOON_MS
from tests.small_training import small_config
from trainer.data.examples import read_manifest, write_examples
from trainer.data.logs import items_of, read_logs
from trainer.flow import make_candidate
from trainer.progress import silent
from trainer.teacher.teacher import load_teacher

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


@pytest.fixture(scope="module")
def bundle(shop: Path) -> Path:
    config = small_config(model={"name": "text"})
    candidate = make_candidate(
        shop / "logs", shop / "work", config, reporter=silent, clock=time.monotonic, clock_ms=lambda: NOON_MS
    )
    return candidate.bundle.path


def label(shop: Path, teacher: Path, bundle: Path, out: Path, *options: str) -> int:
    folders = ["--logs", str(shop / "logs"), "--teacher", str(teacher), "--bundle", str(bundle), "--out", str(out)]
    return main(["teacher", "label", *folders, "--json", *options])


def test_what_the_teacher_is_sure_of_is_added_for_queries_before_the_test_part_alone(
    shop: Path, teacher: Path, bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert label(shop, teacher, bundle, tmp_path / "taught", "--candidates", "10", "--above", "0.5") == 0
    told = json.loads(capsys.readouterr().out)
    before, after = read_logs(shop / "logs"), read_logs(tmp_path / "taught")
    assert after.searches.slice(0, len(before.searches)).equals(before.searches)
    assert after.events.slice(0, len(before.events)).equals(before.events)
    searches = after.searches.slice(len(before.searches)).to_pylist()
    events = after.events.slice(len(before.events)).to_pylist()
    assert (len(searches), len(events)) == (told["searches"], told["clicks"])
    assert searches, "it was sure of something"

    split_ms = before.last_ms + 1 - 24 * HOUR_MS
    assert {row["query"] for row in searches} <= {row["query"] for row in before.searches.to_pylist()}
    assert all(row["at_ms"] < split_ms for row in searches), "the last day is for testing"
    assert len({row["user_id"] for row in searches}) == len(searches), "nobody's history, and no robot"

    items = {item.item_id: item for item in items_of(before)}
    query_of = {row["search_id"]: row["query"] for row in searches}
    pairs = [(query_of[row["search_id"]], items[row["item_id"]]) for row in events]
    chances = load_teacher(teacher).probabilities(*map(list, zip(*pairs, strict=True)))
    assert chances.min() >= 0.5
    assert max(Counter(row["search_id"] for row in events).values()) <= 8


def test_towers_can_be_trained_on_what_was_taught(shop: Path, teacher: Path, bundle: Path, tmp_path: Path) -> None:
    assert label(shop, teacher, bundle, tmp_path / "taught", "--candidates", "5", "--above", "0") == 0
    plain = read_manifest(shop / "work" / "examples")
    made = tmp_path / "examples"
    made.mkdir()
    taught = write_examples(tmp_path / "taught", made, small_config())
    assert taught.test == plain.test
    assert taught.train > plain.train
    assert taught.robot_users == plain.robot_users


def test_labelling_needs_a_bundle_and_a_chance(shop: Path, teacher: Path, bundle: Path, tmp_path: Path) -> None:
    assert label(shop, teacher, bundle, tmp_path / "taught", "--above", "2") == EXIT_THEIRS
    assert label(shop, teacher, bundle, tmp_path / "taught", "--candidates", "0") == EXIT_THEIRS
    assert label(shop, teacher, bundle, shop / "logs") == EXIT_THEIRS
    folders = ["--logs", str(shop / "logs"), "--teacher", str(teacher), "--out", str(tmp_path / "taught")]
    assert main(["teacher", "label", *folders]) == EXIT_THEIRS
