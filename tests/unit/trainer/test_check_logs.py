"""`multigrain check-logs`: names the first bad row, or cleans the folder."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from commands.main import EXIT_THEIRS, main
from tests.small_training import small_logs
from trainer.data.logs import EVENTS, read_logs, write_logs


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """Logs in which the last event stands twice."""
    folder = tmp_path / "spoilt"
    write_logs(folder, small_logs())
    table = pq.read_table(folder / EVENTS)
    rows = [*range(len(table)), len(table) - 1]
    pq.write_table(table.take(rows), folder / EVENTS)
    return folder


def test_good_logs_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = small_logs()
    write_logs(tmp_path, logs)
    assert main(["check-logs", "--logs", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["items"], told["searches"]) == (200, len(logs.searches))
    assert sum(told["events"].values()) == len(logs.events)


def test_bad_logs_end_with_code_2_and_name_the_row(spoilt: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-logs", "--logs", str(spoilt)]) == EXIT_THEIRS
    assert f"{EVENTS} row {len(small_logs().events)} column event_id" in capsys.readouterr().err


def test_lenient_leaves_clean_logs_and_the_rest_aside(
    spoilt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clean = tmp_path / "clean"
    assert main(["check-logs", "--logs", str(spoilt), "--lenient", "--out", str(clean), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rejected"] == 1
    assert told["reasons"] == [{"file": EVENTS, "reason": "event_id stands here a second time", "rows": 1}]
    assert read_logs(clean).events.equals(small_logs().events)
    assert len(pq.read_table(spoilt / "rejected" / EVENTS)) == 1


@pytest.mark.parametrize("options", [["--lenient"], ["--out", "clean"], ["--lenient", "--out", "."]])
def test_the_folder_for_good_rows_is_needed_with_lenient_only_and_another_one(
    spoilt: Path, options: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(spoilt)
    assert main(["check-logs", "--logs", ".", *options]) == EXIT_THEIRS
    assert not (spoilt / "clean").exists()
