"""Dead letters on the topic `<topic>.dead`: the record as it was; why, and where it stood, in its headers."""

from collections.abc import Sequence

from kafka import KafkaProducer

from streaming.broker import kafka_at, open_client
from streaming.dead_letter import DEAD_SUFFIX, DeadLetter
from streaming.source import Headers

WAIT_SECONDS = 15.0
"""For the broker to take a batch of letters. The topics must exist: brokers rarely make them by themselves."""
VALUE_BYTES_KEPT = 512 * 1024
"""A record can be bad for its size; with our headers it would not fit back into the log."""


class KafkaDeadLetters:
    """Connects with the first letter: a healthy stream keeps no producer."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._producer: KafkaProducer | None = None

    def send(self, letters: Sequence[DeadLetter]) -> None:
        if not letters:
            return
        topics = ", ".join(sorted({letter.record.partition.topic + DEAD_SUFFIX for letter in letters}))
        with kafka_at(self._bootstrap, doing=f"writing dead letters to {topics} (the topic must exist)"):
            sent = [self._send(letter) for letter in letters]
            self._connected().flush(timeout=WAIT_SECONDS)
            for acknowledged in sent:
                acknowledged.get(timeout=WAIT_SECONDS)

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=WAIT_SECONDS)
            self._producer = None

    def _send(self, letter: DeadLetter):  # type: ignore[no-untyped-def]  # kafka-python's future has no types
        record = letter.record
        value = record.value if record.value is None else record.value[:VALUE_BYTES_KEPT]
        return self._connected().send(
            record.partition.topic + DEAD_SUFFIX,
            # The client refuses a record with neither key nor value.
            value=b"" if value is None and record.key is None else value,
            key=record.key,
            headers=[*record.headers, *_told(letter)],
        )

    def _connected(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = open_client(
                KafkaProducer,
                self._bootstrap,
                bootstrap_seconds=WAIT_SECONDS,
                acks="all",
                max_block_ms=int(WAIT_SECONDS * 1000),
            )
        return self._producer


def _told(letter: DeadLetter) -> Headers:
    record = letter.record
    length = len(record.value or b"")
    cut = (("dead-value-bytes", str(length).encode()),) if length > VALUE_BYTES_KEPT else ()
    return (
        ("dead-field", letter.error.field.encode()),
        ("dead-reason", letter.reason.encode()),
        ("dead-topic", record.partition.topic.encode()),
        ("dead-partition", str(record.partition.number).encode()),
        ("dead-position", str(record.position).encode()),
        *cut,
    )
