"""Dead letters sent once more to where they came from, after the sender or our decoder was mended.

How far replays came is kept by the broker, as offsets of groups of their own: one for replays of everything, and one
for each field that was replayed alone. A letter is due if none of its two groups is past it. A replay that dies after
a send and before its mark sends again; that is harmless, as events are known by their ids and fenced by versions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from streaming.broker import BOOTSTRAP_SECONDS, kafka_at, open_client, retried
from streaming.dead_letters.kept import KeptLetter

CHUNK = 500
WAIT_SECONDS = 30.0


class Marks(Protocol):
    """How far earlier replays came."""

    def past(self, field: str | None) -> Mapping[TopicPartition, int]: ...

    def move(self, field: str | None, reached: Mapping[TopicPartition, int]) -> None: ...


class KafkaMarks:
    """Marks as offsets of consumer groups that have no members."""

    def __init__(self, bootstrap: str, group: str) -> None:
        self._bootstrap = bootstrap
        self._group = f"{group}.replay"
        self._admin = open_client(KafkaAdminClient, bootstrap, bootstrap_seconds=BOOTSTRAP_SECONDS)
        self._past: dict[str | None, dict[TopicPartition, int]] = {}

    def past(self, field: str | None) -> Mapping[TopicPartition, int]:
        """Of the replays of this field alone; None: of those of everything."""
        if field not in self._past:
            group = self._group_of(field)
            with kafka_at(self._bootstrap, doing="asking how far replays came"):
                offsets = retried(lambda: self._admin.list_group_offsets({group: None})).get(group, {})
            self._past[field] = {tp: stored.offset for tp, stored in offsets.items() if stored.offset >= 0}
        return self._past[field]

    def move(self, field: str | None, reached: Mapping[TopicPartition, int]) -> None:
        given = {tp: OffsetAndMetadata(at, "", -1) for tp, at in reached.items()}

        def note() -> None:
            for refused in self._admin.alter_group_offsets(self._group_of(field), given).values():
                if refused.errno:
                    raise refused()

        with kafka_at(self._bootstrap, doing="noting how far the replay came"):
            retried(note)
        self._past.pop(field, None)

    def close(self) -> None:
        self._admin.close()

    def _group_of(self, field: str | None) -> str:
        return self._group if field is None else f"{self._group}.{field}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of the letters of one call."""

    sent: int = 0
    refused: Sequence[KeptLetter] = ()
    """Those with an obstacle."""


def due(letters: Iterable[KeptLetter], marks: Marks, field: str | None) -> Iterator[KeptLetter]:
    """Those of this field (None: of any) that no replay was past."""
    for letter in letters:
        asked = field is None or letter.field == field
        if asked and not _is_past(marks.past(None), letter) and not _is_past(marks.past(letter.field), letter):
            yield letter


def send_again(bootstrap: str, letters: Iterator[KeptLetter], marks: Marks, field: str | None) -> Replayed:
    """Sends those without an obstacle, in order; the mark moves behind each chunk that the broker has acknowledged."""
    producer = open_client(KafkaProducer, bootstrap, bootstrap_seconds=BOOTSTRAP_SECONDS, acks="all")
    outcome = Replayed()
    try:
        while chunk := list(islice(letters, CHUNK)):
            whole = [letter for letter in chunk if letter.obstacle is None]
            with kafka_at(bootstrap, doing="sending dead letters again"):
                _send(producer, whole)
            marks.move(field, {_place(letter): letter.lies_at + 1 for letter in chunk})
            refused = [letter for letter in chunk if letter.obstacle]
            outcome = replace(outcome, sent=outcome.sent + len(whole), refused=[*outcome.refused, *refused])
    finally:
        producer.close(timeout=WAIT_SECONDS)
    return outcome


def _send(producer: KafkaProducer, letters: Sequence[KeptLetter]) -> None:
    sent = [
        producer.send(letter.stood.topic, key=letter.key, value=letter.value, headers=list(letter.headers))
        for letter in letters
    ]
    producer.flush(timeout=WAIT_SECONDS)
    for one in sent:
        one.get(timeout=WAIT_SECONDS)


def _is_past(marks: Mapping[TopicPartition, int], letter: KeptLetter) -> bool:
    return letter.lies_at < marks.get(_place(letter), 0)


def _place(letter: KeptLetter) -> TopicPartition:
    return TopicPartition(letter.lies.topic, letter.lies.number)
