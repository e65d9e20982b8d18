"""`multigrain bench stream`: behaviour events through the consumer to committed rows and states, against bare inserts;
and, where a broker is set, through Kafka, against producing and consuming without handlers.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from statistics import median

import sqlalchemy as sa

from benchmarks.bench import Bench, Size
from benchmarks.limits.sql_insert import insert_rows_per_second
from benchmarks.stores import store_name, throwaway_database
from multigrain.events import Clicked, Event, Searched
from multigrain.figures import Figure
from multigrain.settings import Settings
from multigrain.types import ItemId, UserId
from streaming.app import assemble
from streaming.consumer import Consumer, Limits
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.encode import encode_binary
from streaming.sources.memory import MemoryLog, MemorySource

ROUNDS = 3
USERS = 500
BATCH = 500
EVENTS = {Size.SMALL: 5_000, Size.ONE_MILLION: 1_000_000}
TARGET_PER_SECOND = 8_000
START_MS = 1_793_880_000_000


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    count = EVENTS[size]
    with throwaway_database(settings) as engine:
        say("bare inserts")
        limit = median(insert_rows_per_second(engine, batch=BATCH))
        say(f"{count:,} events from memory")
        rates = [_from_memory(engine, count, f"bench-{number}") for number in range(ROUNDS)]
        figures = [
            Figure.of(
                f"behaviour events to committed rows and states, {store_name(engine)}",
                rates,
                "events/s",
                target=TARGET_PER_SECOND,
                at_most=False,
                limit=limit,
                limit_name="bare inserts",
            )
        ]
        if settings.kafka.bootstrap:
            figures += _through_kafka(settings.kafka.bootstrap, engine, count, say)
    return figures


def _from_memory(engine: sa.Engine, count: int, topic: str) -> float:
    log = MemoryLog({topic: 1})
    for event in _events(count, prefix=topic):
        record = encode_binary(event)
        log.append(topic, record.key, record.value, record.headers)
    consumer = assemble(
        engine=engine,
        open_source=lambda start: MemorySource(log, start),
        targets=lambda: (),
        dead_letters=MemoryDeadLetters(),
        limits=Limits(batch_records=BATCH, batch_seconds=0.01),
        clock_ms=lambda: START_MS + count,
    )
    return _rate(consumer, count)


def _through_kafka(bootstrap: str, engine: sa.Engine, count: int, say: Callable[[str], None]) -> list[Figure]:
    from kafka import KafkaProducer
    from kafka.admin import KafkaAdminClient, NewTopic

    from benchmarks.limits.kafka_roundtrip import produce_and_consume
    from streaming.sources.kafka import KafkaSource

    say("Kafka without handlers")
    _, limit = produce_and_consume(bootstrap, records=count)
    topic = f"bench-{uuid.uuid4().hex[:8]}"
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(name=topic, num_partitions=1, replication_factor=1)])
    try:
        producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=5)
        for event in _events(count, prefix=topic):
            record = encode_binary(event)
            producer.send(topic, key=record.key, value=record.value, headers=list(record.headers))
        producer.flush()
        producer.close()
        say(f"{count:,} events from Kafka")
        consumer = assemble(
            engine=engine,
            open_source=lambda start: KafkaSource(bootstrap, group=topic, topics=(topic,), start=start),
            targets=lambda: (),
            dead_letters=MemoryDeadLetters(),
            limits=Limits(batch_records=BATCH, batch_seconds=0.05),
            clock_ms=lambda: START_MS + count,
        )
        rate = _rate(consumer, count)
    finally:
        admin.delete_topics([topic])
        admin.close()
    return [
        Figure(
            name=f"the same from Kafka, group join included, {store_name(engine)}",
            value=rate,
            unit="events/s",
            limit=limit,
            limit_name="bare consume",
        )
    ]


def _rate(consumer: Consumer, count: int) -> float:
    """Events a second. Raises RuntimeError when not every event was taken: a rate of lost events is worth nothing."""
    started = time.perf_counter()
    progress = consumer.run()
    seconds = time.perf_counter() - started
    consumer.close()
    if progress.events != count:
        raise RuntimeError(
            f"{progress.events:,} of {count:,} events were taken, {progress.dead_letters:,} dead letters"
        )
    return count / seconds


def _events(count: int, prefix: str) -> Iterator[Event]:
    """One search for every four clicks, users in turn, in order of time."""
    for number in range(count):
        event_id, user_id, at_ms = f"{prefix}-{number}", UserId(f"user-{number % USERS}"), START_MS + number
        if number % 5 == 0:
            yield Searched(event_id=event_id, at_ms=at_ms, user_id=user_id, search_id=event_id, query="running shoes")
        else:
            item_id = ItemId(f"sku-{number * 7919 % 20_000}")
            yield Clicked(event_id=event_id, at_ms=at_ms, user_id=user_id, item_id=item_id)


BENCH = Bench(
    name="stream",
    summary="events through the consumer, against bare inserts and bare Kafka",
    sizes=tuple(EVENTS),
    run=_run,
)
