"""Topics for a bench, on the broker of the settings, and events in them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from multigrain.events import Event
from streaming.encode import encode_binary


@contextmanager
def throwaway_topic(bootstrap: str, *, partitions: int) -> Iterator[str]:
    """A topic that is deleted afterwards."""
    from kafka.admin import KafkaAdminClient, NewTopic

    topic = f"bench-{uuid.uuid4().hex[:8]}"
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(name=topic, num_partitions=partitions, replication_factor=1)])
    try:
        yield topic
    finally:
        admin.delete_topics([topic])
        admin.close()


def produce(bootstrap: str, topic: str, events: Iterator[Event]) -> int:
    """Writes the events and returns how many they were; every one is acknowledged."""
    from kafka import KafkaProducer

    producer, sent = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=5), 0
    for event in events:
        record = encode_binary(event)
        producer.send(topic, key=record.key, value=record.value, headers=list(record.headers))
        sent += 1
    producer.flush()
    producer.close()
    return sent
