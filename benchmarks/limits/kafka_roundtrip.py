"""Produce and consume without handlers: records a second that the broker and its client library carry."""

import time
import uuid

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

VALUE = b"x" * 200


def produce_and_consume(bootstrap: str, *, records: int) -> tuple[float, float]:
    """(records a second produced and acknowledged, records a second consumed) on a topic of its own."""
    topic = f"bench-{uuid.uuid4().hex[:8]}"
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        admin.create_topics([NewTopic(name=topic, num_partitions=1, replication_factor=1)])
        try:
            return _produce(bootstrap, topic, records), _consume(bootstrap, topic, records)
        finally:
            admin.delete_topics([topic])
    finally:
        admin.close()


def _produce(bootstrap: str, topic: str, records: int) -> float:
    producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=5)
    started = time.perf_counter()
    for _ in range(records):
        producer.send(topic, VALUE)
    producer.flush()
    rate = records / (time.perf_counter() - started)
    producer.close()
    return rate


def _consume(bootstrap: str, topic: str, records: int) -> float:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, group_id=None)
    consumer.assign([TopicPartition(topic, 0)])
    consumer.seek_to_beginning()
    seen, started = 0, time.perf_counter()
    while seen < records:
        seen += sum(len(batch) for batch in consumer.poll(timeout_ms=1000, max_records=5000).values())
    rate = records / (time.perf_counter() - started)
    consumer.close()
    return rate
