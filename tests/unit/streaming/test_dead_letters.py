"""Dead letters in memory and in files, and their limit. Kafka runs through the same suite in tests/integration."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from multigrain.errors import LogUnavailable, TooManyDeadLetters
from streaming.dead_letter import DeadLetter, DeadLetters, check_run
from streaming.dead_letters.file import FileDeadLetters
from streaming.dead_letters.memory import MemoryDeadLetters
from tests.unit.streaming.dead_letters_suite import DeadLettersSuite, Morgue, a_letter


class InMemory:
    topic = "multigrain.behavior"

    def __init__(self) -> None:
        self._letters = MemoryDeadLetters()

    def open(self) -> DeadLetters:
        return self._letters

    def kept(self, count: int) -> list[Mapping[str, object]]:
        assert len(self._letters.letters) == count
        return [_told(letter) for letter in self._letters.letters]


class InFile:
    topic = "events.jsonl#0123"

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> DeadLetters:
        return FileDeadLetters(self.path)

    def kept(self, count: int) -> list[Mapping[str, object]]:
        lines = self.path.read_text(encoding="utf-8").splitlines()
        assert len(lines) == count
        return [_read(json.loads(line)) for line in lines]


class TestMemoryDeadLetters(DeadLettersSuite):
    @pytest.fixture
    def morgue(self) -> Morgue:
        return InMemory()


class TestFileDeadLetters(DeadLettersSuite):
    @pytest.fixture
    def morgue(self, tmp_path: Path) -> Morgue:
        return InFile(tmp_path / "dead" / "events.jsonl.dead")

    def test_nothing_dead_leaves_no_file(self, tmp_path: Path) -> None:
        FileDeadLetters(tmp_path / "dead").send([])
        assert not (tmp_path / "dead").exists()

    def test_a_place_that_cannot_be_written_is_ours_to_mend(self, tmp_path: Path) -> None:
        with pytest.raises(LogUnavailable, match=r"takes no dead letters \(Is a directory\)"):
            FileDeadLetters(tmp_path).send([a_letter(topic="t")])


def test_the_limit_counts_records_in_a_row() -> None:
    assert check_run(0, ["bad", "bad", None, "bad"], 3) == 1
    assert check_run(1, ["bad"], 3) == 2
    assert check_run(2, [None, "bad"], 3) == 1
    assert check_run(2, [], 3) == 2


def test_at_the_limit_it_stops_and_says_the_last_reason() -> None:
    with pytest.raises(
        TooManyDeadLetters, match="3 records in a row could not be taken, the last because price: is -1"
    ):
        check_run(1, ["bad", "price: is -1", None], 3)


def _told(letter: DeadLetter) -> Mapping[str, object]:
    return {
        "key": letter.record.key,
        "value": letter.record.value,
        "field": letter.error.field,
        "reason": letter.reason,
        "topic": letter.record.partition.topic,
        "partition": letter.record.partition.number,
        "position": letter.record.position,
    }


def _read(entry: dict[str, object]) -> Mapping[str, object]:
    for name in ("key", "value"):
        encoded = entry.pop(f"{name}_base64", None)
        text = entry.get(name)
        if isinstance(encoded, str):
            entry[name] = base64.b64decode(encoded)
        elif isinstance(text, str):
            entry[name] = text.encode()
    assert entry.pop("headers") == {}
    return entry
