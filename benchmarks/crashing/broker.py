"""The broker as the test sees it: what lands where, and what came to the topics of the dead."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from benchmarks.crashing.scene import Scene
from benchmarks.crashing.sent import Landed, Place, Sent
from streaming.source import Partition

SECONDS = 30


@dataclass(frozen=True, slots=True)
class Buried:
    """A dead letter: the record that it is about, as it was and as it was told."""

    place: Place
    key: bytes | None
    value: bytes | None
    reason: str


class Sender:
    """One producer: what it sends to a partition lands there in the order of sending."""

    def __init__(self, scene: Scene, producer: KafkaProducer) -> None:
        self._scene = scene
        self._producer = producer

    def send(self, records: Sequence[Sent]) -> list[Landed]:
        """All of them, acknowledged."""
        pending = [(sent, self._send(sent)) for sent in records]
        self._producer.flush(timeout=SECONDS)
        return [Landed(sent, _place(future.get(timeout=SECONDS))) for sent, future in pending]

    def _send(self, sent: Sent) -> Any:  # kafka-python's future has no types
        return self._producer.send(
            self._scene.topic(sent.topic_kind),
            key=sent.key,
            value=sent.value,
            headers=list(sent.headers),
            partition=sent.partition,
        )


@contextmanager
def open_sender(scene: Scene) -> Iterator[Sender]:
    producer = KafkaProducer(bootstrap_servers=scene.bootstrap, linger_ms=5)
    try:
        yield Sender(scene, producer)
    finally:
        producer.close()


def read_the_dead(scene: Scene) -> list[Buried]:
    """Every dead letter, as often as it was sent."""
    consumer = KafkaConsumer(bootstrap_servers=scene.bootstrap, enable_auto_commit=False)
    try:
        partitions = [TopicPartition(topic, 0) for topic in scene.dead_topics]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(partitions)
        found: list[Buried] = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for raws in consumer.poll(timeout_ms=500).values():
                found += [_buried(raw) for raw in raws]
        return found
    finally:
        consumer.close()


def _place(metadata: Any) -> Place:  # as above
    return Place(Partition(metadata.topic, metadata.partition), metadata.offset)


def _buried(raw: Any) -> Buried:  # as above
    told = {name: value.decode() for name, value in raw.headers if name.startswith("dead-")}
    partition = Partition(told["dead-topic"], int(told["dead-partition"]))
    return Buried(Place(partition, int(told["dead-position"])), raw.key, raw.value, told["dead-reason"])
