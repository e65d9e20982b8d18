"""What every place for dead letters promises."""

from collections.abc import Mapping
from typing import Protocol

from multigrain.errors import InvalidEvent
from streaming.dead_letter import DeadLetter, DeadLetters
from streaming.source import Headers, Partition
from tests.unit.streaming.records import a_record


class Morgue(Protocol):
    """A place for dead letters, seen from both ends."""

    topic: str
    """Where the records stood."""

    def open(self) -> DeadLetters: ...

    def kept(self, count: int) -> list[Mapping[str, object]]:
        """The first `count` letters, in order: key and value (bytes or None), reason, field, partition, position."""
        ...


def a_letter(
    value: bytes | None = b"\xff",
    *,
    topic: str,
    position: int = 7,
    key: bytes | None = b"user-1",
    headers: Headers = (),
    problem: str = "is broken",
) -> DeadLetter:
    record = a_record(value, key=key, headers=headers, position=position, partition=Partition(topic, 0))
    return DeadLetter(record, InvalidEvent("clicked.item_id", problem, cure="mend it"))


class DeadLettersSuite:
    def test_a_letter_keeps_the_record_its_place_and_the_reason(self, morgue: Morgue) -> None:
        letters = morgue.open()
        letters.send([a_letter(b"\x80\xff", topic=morgue.topic, position=41)])
        letters.close()
        (kept,) = morgue.kept(1)
        assert kept == {
            "key": b"user-1",
            "value": b"\x80\xff",
            "field": "clicked.item_id",
            "reason": "clicked.item_id: is broken: mend it",
            "topic": morgue.topic,
            "partition": 0,
            "position": 41,
        }

    def test_letters_of_several_batches_keep_their_order(self, morgue: Morgue) -> None:
        letters = morgue.open()
        letters.send([a_letter(topic=morgue.topic, position=position) for position in (1, 2)])
        letters.send([])
        letters.send([a_letter(topic=morgue.topic, position=3)])
        letters.close()
        assert [kept["position"] for kept in morgue.kept(3)] == [1, 2, 3]

    def test_a_tombstone_without_a_key_can_be_kept(self, morgue: Morgue) -> None:
        letters = morgue.open()
        letters.send([a_letter(None, topic=morgue.topic, key=None)])
        letters.close()
        (kept,) = morgue.kept(1)
        assert not kept["value"]

    def test_any_reason_can_be_kept(self, morgue: Morgue) -> None:
        letters = morgue.open()
        letters.send([a_letter(topic=morgue.topic, problem="has \udcff and 字 " + "x" * 5000)])
        letters.close()
        (kept,) = morgue.kept(1)
        assert "字" in str(kept["reason"])
        assert len(str(kept["reason"])) < 1100
