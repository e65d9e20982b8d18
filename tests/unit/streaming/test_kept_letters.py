"""Dead letters read back from a file, and listed by the command."""

import json
from pathlib import Path

import pytest

from commands.main import main
from multigrain.errors import InvalidLog, Missing
from streaming.dead_letters.file import FileDeadLetters
from streaming.dead_letters.kept import letters_of_file
from tests.unit.streaming.dead_letters_suite import a_letter


@pytest.mark.parametrize("value", [b"\x80\xff", b'{"clicked": {}}', "字".encode(), None])
def test_what_a_file_keeps_is_read_back_byte_for_byte(tmp_path: Path, value: bytes | None) -> None:
    sent = a_letter(value, topic="events.jsonl#1", position=41, headers=(("content-type", b"application/json"),))
    FileDeadLetters(tmp_path / "x.dead").send([sent])
    (kept,) = letters_of_file(tmp_path / "x.dead")
    assert (kept.key, kept.value, kept.headers) == (sent.record.key, sent.record.value, sent.record.headers)
    assert (kept.stood, kept.stood_at) == (sent.record.partition, 41)
    assert (kept.field, kept.reason) == (sent.error.field, sent.reason)


def test_a_line_that_is_no_letter_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.dead"
    path.write_text('{"topic": "t"}\n')
    with pytest.raises(InvalidLog, match=r"x\.dead:1: is no dead letter"):
        list(letters_of_file(path))


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="there is no file"):
        list(letters_of_file(tmp_path / "x.dead"))


def test_the_command_lists_the_newest_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.dead"
    FileDeadLetters(path).send([a_letter(topic="t", position=position) for position in (1, 2, 3)])
    assert main(["dead-letters", "list", "--file", str(path), "--limit", "2", "--json"]) == 0
    assert [letter["position"] for letter in json.loads(capsys.readouterr().out)["letters"]] == [2, 3]
    assert main(["dead-letters", "list", "--file", str(path)]) == 0
    assert "t[0]@3" in capsys.readouterr().out


def test_without_a_broker_the_command_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dead-letters", "replay"]) == 2
    assert "kafka.bootstrap: is not set" in capsys.readouterr().err
