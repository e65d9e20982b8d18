"""`multigrain archive`: what people and machines see of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.main import EXIT_THEIRS, main
from tests.builders import a_click, a_search, an_item, an_upsert
from tests.unit.streaming.archived import ArchivingStream, an_archiving_stream, expected
from trainer.data.logs import read_logs

Said = pytest.CaptureFixture[str]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ArchivingStream]:
    stream = an_archiving_stream(tmp_path)
    monkeypatch.setenv("MULTIGRAIN_DATABASE_URL", str(stream.engine.url))
    monkeypatch.setenv("MULTIGRAIN_ARCHIVE_DIR", str(stream.folder))
    yield stream
    stream.engine.dispose()


def said_as_json(capsys: Said) -> dict[str, Any]:  # Any: a JSON object
    said: dict[str, Any] = json.loads(capsys.readouterr().out)  # Any: as above
    return said


def test_roll_makes_a_folder_that_can_be_trained_on(shop: ArchivingStream, capsys: Said) -> None:
    shop.stream([an_upsert(an_item(99)), a_search("red dress"), a_click("sku-1")])

    assert main(["archive", "roll", "--json"]) == 0

    assert said_as_json(capsys) == {"folder": str(shop.folder), "rolls": 1, "items": 1}
    logs = read_logs(shop.folder)
    assert (len(logs.catalog), len(logs.searches), len(logs.events)) == (1, 1, 1)


def test_status_shows_what_waits_and_what_is_there(shop: ArchivingStream, capsys: Said) -> None:
    shop.keep(a_search("red dress"), a_click("sku-1"))
    assert main(["archive", "roll"]) == 0
    shop.keep(a_click("sku-2"), a_click("sku-3"))
    capsys.readouterr()

    assert main(["archive", "status", "--json"]) == 0

    said = said_as_json(capsys)
    assert (said["staged"]["batches"], said["staged"]["rows"], said["staged"]["roll_unfinished"]) == (1, 2, False)
    counts = [(table["table"], table["files"], table["rows"]) for table in said["tables"]]
    assert counts == [("searches", 1, 1), ("events", 1, 1)]


def test_status_says_that_a_roll_is_unfinished_and_roll_finishes_it(shop: ArchivingStream, capsys: Said) -> None:
    shop.keep(a_click("sku-1"))
    shop.staging.take(bytes_max=1, above=0, now_ms=shop.now_ms)

    assert main(["archive", "status"]) == 0
    assert "a roll is unfinished" in capsys.readouterr().out
    assert main(["archive", "roll"]) == 0
    assert shop.filed() == expected([a_click("sku-1")])


def test_without_a_folder_it_says_what_to_set(
    shop: ArchivingStream, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MULTIGRAIN_ARCHIVE_DIR")
    assert main(["archive", "status"]) == EXIT_THEIRS
    assert "archive.dir: is not set" in capsys.readouterr().err
