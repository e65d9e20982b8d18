"""Events at a steady rate, from a thread, for as long as a block lasts."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaProducer

from benchmarks.visibility.street import ITEMS, Street, upsert
from multigrain.events import Clicked, Event
from multigrain.registry.sql import wall_clock_ms
from multigrain.types import ItemId, UserId
from streaming.encode import TopicKind, encode_binary

USERS = 5_000
TICK_SECONDS = 0.005


@contextmanager
def steady(street: Street, events: Iterator[Event], per_second: int) -> Iterator[None]:
    """Sends what is due at each tick, however long the sending of the ones before took. A rate that was not kept by
    99 in 100 raises RuntimeError at the end: what was measured beside it would be worth nothing.
    """
    stopped, sent = threading.Event(), itertools.count()
    began = time.perf_counter()

    def send() -> None:
        topics = {TopicKind.ITEMS: street.kafka.items_topic, TopicKind.BEHAVIOR: street.kafka.behavior_topic}
        producer = KafkaProducer(bootstrap_servers=street.bootstrap, linger_ms=2)
        done = 0
        while not stopped.wait(TICK_SECONDS):
            for event in itertools.islice(events, int((time.perf_counter() - began) * per_second) - done):
                record = encode_binary(event)
                topic = topics[record.topic_kind]
                producer.send(topic, key=record.key, value=record.value, headers=list(record.headers))
                done = next(sent) + 1
        producer.close()

    thread = threading.Thread(target=send, name="load")
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        took = time.perf_counter() - began
        thread.join()
    rate = next(sent) / took
    if rate < 0.99 * per_second:
        raise RuntimeError(
            f"{rate:,.0f} events a second were sent, {per_second:,} were meant to be: use a quieter machine"
        )


def clicks() -> Iterator[Event]:
    """Of many users, without end."""
    for number in itertools.count():
        yield Clicked(
            event_id=f"bench-{number}",
            at_ms=wall_clock_ms(),
            user_id=UserId(f"user-{number * 7919 % USERS}"),
            item_id=ItemId(f"sku-{number * 104_729 % ITEMS:07d}"),
        )


def changed_items() -> Iterator[Event]:
    """Items that get another title, without end."""
    for number in itertools.count():
        yield upsert(number * 7919 % ITEMS, version=2 + number // ITEMS)
