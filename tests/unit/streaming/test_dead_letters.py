"""Dead letters in memory and in files, and their limit. Kafka runs through the same suite in tests/integration."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigrain.errors import LogUnavailable, TooManyDeadLetters
from streaming.dead_letter import DeadLetter, DeadLetters, Health, Limit
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
    limit = Limit(run=3, ratio=1)
    assert Health().after(["bad", "bad", None, "bad"], limit).run == 1
    assert Health(run=1).after(["bad"], limit).run == 2
    assert Health(run=2).after([None, "bad"], limit).run == 1
    assert Health(run=2).after([], limit).run == 2


def test_at_the_limit_it_stops_and_says_the_last_reason() -> None:
    with pytest.raises(
        TooManyDeadLetters, match="3 records in a row could not be taken, the last because price: is -1"
    ):
        Health(run=1).after(["bad", "price: is -1", None], Limit(run=3, ratio=1))


def test_a_share_above_the_limit_stops_however_the_bad_are_spread() -> None:
    health = Health().after([*["bad", None, None, None, None] * 40], Limit())
    with pytest.raises(
        TooManyDeadLetters,
        match=r"41 of the last 201 records could not be taken, the last because brand: is long.*dead_letter_ratio",
    ):
        health.after(["brand: is long"], Limit())


def test_with_few_records_a_share_says_nothing() -> None:
    assert sum(Health().after(["bad", None] * 99, Limit()).newest) == 99


def test_what_is_long_past_is_forgotten() -> None:
    health = Health().after([None] * 200, Limit())
    for _ in range(30):
        health = health.after(["bad"] * 19 + [None] * 81, Limit())
    assert len(health.newest) == 1000
    assert sum(health.newest) == 190


@given(st.lists(st.lists(st.booleans(), max_size=400), max_size=8), st.floats(0.01, 1))
def test_the_ratio_is_that_of_the_newest_thousand(batches: list[list[bool]], ratio: float) -> None:
    seen: list[bool] = []
    health = Health()
    for batch in batches:
        seen += batch
        newest = seen[-1000:]
        too_many = len(newest) >= 200 and any(batch) and sum(newest) / len(newest) > ratio
        reasons = ["bad" if bad else None for bad in batch]
        if too_many:
            with pytest.raises(TooManyDeadLetters):
                health.after(reasons, Limit(run=10**6, ratio=ratio))
            return
        health = health.after(reasons, Limit(run=10**6, ratio=ratio))


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
