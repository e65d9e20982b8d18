"""Bad input at each door gets one clear error that names the field and the cure. What a person or a machine sees."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from commands.main import EXIT_OURS, EXIT_THEIRS, main
from multigrain.errors import InvalidRequest
from multigrain.types import UserId
from tests.builders import a_click
from tests.flow.serving import open_shop, serving
from tests.small_training import small_logs
from trainer.data.logs import CATALOG, write_logs

Capture = pytest.CaptureFixture[str]


def said(capsys: Capture) -> str:
    """The one line on standard error."""
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("multigrain: ")]
    assert len(lines) == 1
    return lines[0]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own, with its schema."""
    monkeypatch.setenv("MULTIGRAIN_DATA_DIR", str(tmp_path / "data"))
    assert main(["db", "upgrade", "--json"]) == 0
    return tmp_path


def test_settings_name_the_key_and_what_was_meant(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "shop.toml"
    path.write_text("[milvus]\nurl = 'http://127.0.0.1:19530'\n")
    assert main(["config", "--config", str(path)]) == EXIT_THEIRS
    assert "milvus.url: unknown key in" in (line := said(capsys))
    assert line.endswith("did you mean milvus.uri?")


def test_training_config_names_the_key_and_what_was_meant(tmp_path: Path, capsys: Capture) -> None:
    write_logs(tmp_path / "logs", small_logs())
    path = tmp_path / "model.toml"
    path.write_text("[loss]\ntemprature = 2.0\n")
    assert main(["train", str(path), "--logs", str(tmp_path / "logs"), "--out", str(tmp_path / "work")]) == EXIT_THEIRS
    assert "loss.temprature: unknown key" in (line := said(capsys))
    assert "did you mean loss.temperature?" in line


def test_request_names_the_proto_field_and_what_would_be_right(tmp_path: Path) -> None:
    with serving(open_shop(tmp_path)) as (_, client), pytest.raises(InvalidRequest) as caught:
        client.retrieve("shoes", "user-1", limit=10_001)
    assert caught.value.field == "limit"
    assert "10001" in caught.value.problem
    assert "10,000" in caught.value.cure or "10000" in caught.value.cure


def test_event_goes_to_the_dead_letters_with_its_field_and_cure_and_the_others_are_taken(
    data: Path, capsys: Capture
) -> None:
    from streaming.encode import encode_line

    good = encode_line(a_click("sku-1", user_id="user-1"), "multigrain.behavior")
    bad = json.loads(good)
    bad["value"]["clicked"]["itemId"] = ""
    path = data / "events.jsonl"
    path.write_text("\n".join([good, json.dumps(bad), "no JSON at all"]) + "\n")
    capsys.readouterr()

    assert main(["stream", "--file", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"events": 1, "batches": 1, "dead_letters": 2}
    dead = [json.loads(line) for line in path.with_name("events.jsonl.dead").read_text().splitlines()]
    assert dead[0]["field"] == "clicked.item_id"
    assert "clicked.item_id: " in dead[0]["reason"]
    assert state_of("user-1", data) == ["sku-1"]


def test_bundle_names_the_file_that_was_changed(bundle: Path, tmp_path: Path, capsys: Capture) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    words = copy / "vocabulary" / "word.txt"
    words.write_bytes(words.read_bytes()[:-1] + b"~")
    assert main(["bundle", "verify", str(copy)]) == EXIT_OURS
    assert f"{words}: was changed after the export: copy the bundle again" in said(capsys)


def test_catalogue_row_names_file_row_and_column(tmp_path: Path, capsys: Capture) -> None:
    logs = tmp_path / "logs"
    write_logs(logs, small_logs())
    table = pq.read_table(logs / CATALOG)
    prices = table["price"].to_pylist()
    prices[7] = -1.0
    position = table.schema.get_field_index("price")
    pq.write_table(table.set_column(position, table.schema.field("price"), [prices]), logs / CATALOG)

    assert main(["examples", "--logs", str(logs), "--out", str(tmp_path / "examples")]) == EXIT_THEIRS
    line = said(capsys)
    assert "catalog.parquet" in line
    assert "row 7" in line
    assert "price" in line


def state_of(user: str, data: Path) -> list[str]:
    """Items of the user's stored behaviours."""
    from multigrain import database
    from multigrain.features.sql import SqlFeatureStore

    engine = database.open_database(f"sqlite:///{data / 'data' / 'multigrain.db'}")
    state = SqlFeatureStore(engine).get(UserId(user))
    engine.dispose()
    return list(state.behaviors.item_ids) if state else []


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real bundle of a small training run."""
    from tests.small_training import small_config
    from trainer.flow import make_candidate
    from trainer.progress import silent

    folder = tmp_path_factory.mktemp("bundle")
    write_logs(folder / "logs", small_logs())
    candidate = make_candidate(
        folder / "logs", folder / "work", small_config(), reporter=silent, clock=lambda: 0.0, clock_ms=lambda: 1
    )
    return candidate.bundle.path
