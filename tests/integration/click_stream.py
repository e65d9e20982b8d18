"""Clicks sent to a real broker under load, consumers that come and go, and what must be in SQL afterwards."""

import gc
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa
from kafka import KafkaProducer
from kafka.producer.future import FutureRecordMetadata

from multigrain.catalog.tables import user_events
from multigrain.events import Clicked
from multigrain.features.sql import SqlFeatureStore
from multigrain.types import UserId
from streaming.app import assemble
from streaming.consumer import Consumer, Limits
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.encode import encode_binary
from streaming.lost_records import WhenLost, stop
from streaming.sources.kafka import KafkaSource
from tests.builders import NOON_MS, a_click

SESSION_SECONDS = 6.0
"""The shortest that a broker takes by default."""
PATIENCE_SECONDS = 60.0
USERS = 40


@dataclass
class ClickStream:
    """One topic, one group, one database."""

    bootstrap: str
    topic: str
    engine: sa.Engine
    letters: MemoryDeadLetters = field(default_factory=MemoryDeadLetters)
    sent: list[Clicked] = field(default_factory=list)
    promised: list[FutureRecordMetadata] = field(default_factory=list)
    """What the broker is to acknowledge, one for each click sent."""

    def consumer(self, *, when_lost: WhenLost = stop, stall_seconds: float = 30.0) -> Consumer:
        return assemble(
            engine=self.engine,
            open_source=lambda start: KafkaSource(
                self.bootstrap,
                group=self.topic,
                topics=[self.topic],
                start=start,
                when_lost=when_lost,
                stall_seconds=stall_seconds,
                session_seconds=SESSION_SECONDS,
                bootstrap_seconds=2.0,
            ),
            targets=list,
            dead_letters=self.letters,
            limits=Limits(batch_records=50, batch_seconds=0.05),
            clock_ms=lambda: NOON_MS,
        )

    @contextmanager
    def running(self, consumer: Consumer) -> Iterator[None]:
        """In a thread of its own; what it raises fails the test."""
        ending, failed = threading.Event(), list[BaseException]()

        def run() -> None:
            try:
                consumer.run_forever(ending)
            except BaseException as error:
                failed.append(error)
            finally:
                consumer.close()

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        except AssertionError as error:
            acknowledged = sum(one.succeeded() for one in self.promised)
            error.add_note(f"by then: {len(self.sent)} clicks sent, {acknowledged} acknowledged, {consumer.progress}")
            error.add_note(f"the consumer ended with {failed}" if failed else "the consumer ran")
            raise
        finally:
            ending.set()
            thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
        assert failed == []

    @contextmanager
    def sending(self, *, a_second: int) -> Iterator[None]:
        """Clicks of many users, one after the other, until the block ends; then all have been acknowledged."""
        ending = threading.Event()
        thread = threading.Thread(target=self._send, args=(ending, 1 / a_second))
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()

    def send(self, count: int) -> None:
        ending = threading.Event()
        self._send(ending, 0.0, count)

    def taken(self) -> list[str]:
        """The ids of the events in SQL, each as often as it is there."""
        with self.engine.connect() as connection:
            return sorted(connection.scalars(sa.select(user_events.c.event_id)))

    def wait_for_all(self) -> None:
        eventually(lambda: len(self.taken()) >= len(self.sent))

    def assert_each_was_taken_once(self) -> None:
        assert self.taken() == sorted(click.event_id for click in self.sent)
        assert self.letters.letters == []
        for user in {click.user_id for click in self.sent}:
            state = SqlFeatureStore(self.engine).get(UserId(user))
            clicked = [click for click in self.sent if click.user_id == user]
            expected = [click.item_id for click in sorted(clicked, key=lambda click: click.at_ms)]
            assert state is not None
            # A state keeps the newest, so many as it has room for.
            assert list(state.behaviors.item_ids) == expected[-len(state.behaviors.item_ids) :]
            assert state.behaviors.item_ids

    def _send(self, ending: threading.Event, pause_seconds: float, count: int = 10**9) -> None:
        producer = KafkaProducer(bootstrap_servers=self.bootstrap, acks="all", reconnect_backoff_max_ms=500)
        while count and not ending.is_set():
            number, count = len(self.sent), count - 1
            click = a_click(f"sku-{number}", user_id=f"user-{number % USERS}", minutes_ago=50_000 - number / 10)
            encoded = encode_binary(click)
            self.promised.append(
                producer.send(self.topic, key=encoded.key, value=encoded.value, headers=list(encoded.headers))
            )
            self.sent.append(click)
            ending.wait(pause_seconds)
        producer.flush()
        for one in self.promised:
            one.get(timeout=60)
        producer.close()


@contextmanager
def quiet_client() -> Iterator[None]:
    """As in our programs. What the client logs would also keep its refused sockets alive, as part of an error."""
    client, before = logging.getLogger("kafka"), logging.getLogger("kafka").level
    client.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        client.setLevel(before)
        # They lie in reference cycles: they are to be collected while their warning is expected.
        gc.collect()


def eventually(holds: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not happen within {seconds:.0f} s"
        time.sleep(0.1)
