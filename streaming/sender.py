"""Events to the broker, one at a time and acknowledged: for who must know that an event is there before going on."""

from types import TracebackType
from typing import Self

from kafka import KafkaProducer

from multigrain.events import Event
from multigrain.settings import KafkaSettings
from streaming.broker import kafka_at
from streaming.encode import TopicKind, encode_binary

WAIT_SECONDS = 15.0


class Sender:
    """A connection to the broker that the settings name. Close it, or use it in a `with`."""

    def __init__(self, bootstrap: str, settings: KafkaSettings) -> None:
        self._bootstrap = bootstrap
        self._topics = {TopicKind.ITEMS: settings.items_topic, TopicKind.BEHAVIOR: settings.behavior_topic}
        with kafka_at(bootstrap, doing="connecting"):
            self._producer = KafkaProducer(
                bootstrap_servers=bootstrap, acks="all", bootstrap_timeout_ms=int(WAIT_SECONDS * 1000)
            )

    def send(self, event: Event) -> None:
        """Returns when the broker has it. Raises LogUnavailable."""
        record = encode_binary(event)
        topic = self._topics[record.topic_kind]
        with kafka_at(self._bootstrap, doing=f"writing to {topic} (the topic must exist)"):
            sent = self._producer.send(topic, key=record.key, value=record.value, headers=list(record.headers))
            sent.get(timeout=WAIT_SECONDS)

    def close(self) -> None:
        self._producer.close(timeout=WAIT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
