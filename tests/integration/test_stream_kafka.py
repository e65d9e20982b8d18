"""The stream with real parts: events from a Kafka broker into PostgreSQL and Milvus."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.errors import LogUnavailable
from multigrain.events import Clicked, Event
from multigrain.features.sql import SqlFeatureStore
from multigrain.index.milvus import MilvusIndex, MilvusStore
from multigrain.index.rows import vectors_by_item
from multigrain.index.specs import Flat
from multigrain.types import GenerationId, ItemId, UserId
from streaming.app import assemble, sql_transactions
from streaming.consumer import Consumer, Limits
from streaming.dead_letter import DeadLetters
from streaming.dead_letters.kafka import VALUE_BYTES_KEPT, KafkaDeadLetters
from streaming.encode import Encoded, TopicKind, encode_binary, encode_json
from streaming.handlers.handler import Stores, Transactions
from streaming.source import Source, Start
from streaming.sources.kafka import KafkaSource
from streaming.targets import Target
from tests.builders import NOON_MS, WordEncoder, a_click, an_item, an_upsert
from tests.integration.click_stream import quiet_client
from tests.services.fixtures import Topics
from tests.unit.streaming.dead_letters_suite import DeadLettersSuite, Morgue, a_letter
from tests.unit.streaming.source_suite import SourceSuite, Stored, drain, item_ids

SESSION_SECONDS = 6.0
"""The shortest that a broker takes by default."""


class InKafka:
    """One topic of one partition."""

    def __init__(self, topics: Topics, producer: KafkaProducer) -> None:
        self._bootstrap = topics.bootstrap
        self._group = topics.name("group")
        self._topic = topics.create("behavior")
        self._producer = producer

    def append(self, event: Clicked) -> None:
        self.append_to(self._topic, event)

    def append_to(self, topic: str, event: Clicked) -> None:
        send(self._producer, topic, encode_json(event))

    def open(self, start: Start) -> Source:
        return KafkaSource(
            self._bootstrap, group=self._group, topics=[self._topic], start=start, session_seconds=SESSION_SECONDS
        )


def send(producer: KafkaProducer, topic: str, encoded: Encoded) -> None:
    sent = producer.send(topic, key=encoded.key, value=encoded.value, headers=list(encoded.headers))
    sent.get(timeout=10)


def read(bootstrap: str, topic: str, count: int) -> list[Any]:  # Any: kafka-python ships no types
    """The first `count` records of a topic of one partition."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        found: list[Any] = []  # Any: as above
        for _ in range(100):
            found += consumer.poll(timeout_ms=100).get(partition, [])
            if len(found) >= count:
                break
        return found
    finally:
        consumer.close()


@pytest.fixture
def producer(kafka_topics: Topics) -> Iterator[KafkaProducer]:
    producer = KafkaProducer(bootstrap_servers=kafka_topics.bootstrap)
    yield producer
    producer.close()


class TestKafkaSource(SourceSuite):
    @pytest.fixture
    def log(self, kafka_topics: Topics, producer: KafkaProducer) -> InKafka:
        return InKafka(kafka_topics, producer)

    def test_a_topic_that_is_not_there_is_said_at_once(self, kafka_topics: Topics) -> None:
        source = KafkaSource(kafka_topics.bootstrap, group="g", topics=[kafka_topics.name("gone")], start=Stored())
        with pytest.raises(LogUnavailable, match=f"has no topic {kafka_topics.name('gone')}: create it"):
            source.poll(1, 0)
        source.close()

    def test_a_topic_that_is_made_later_is_found_without_a_restart(self, kafka_topics: Topics, log: InKafka) -> None:
        late, stored = kafka_topics.name("late"), Stored()
        source = KafkaSource(kafka_topics.bootstrap, group=late, topics=[late], start=stored)
        with pytest.raises(LogUnavailable, match=f"has no topic {late}"):
            source.poll(1, 0)
        kafka_topics.create("late")
        log.append_to(late, a_click("sku-1"))
        assert item_ids(drain(source, stored, 1)) == ["sku-1"]
        source.close()

    def test_a_broker_that_does_not_answer_is_ours_to_mend(self) -> None:
        with quiet_client(), socket.create_server(("127.0.0.1", 0)) as deaf:
            address = f"127.0.0.1:{deaf.getsockname()[1]}"
            source = KafkaSource(address, group="g", topics=["t"], start=Stored(), bootstrap_seconds=0.5)
            before = threading.active_count()
            for _ in range(2):
                with pytest.raises(LogUnavailable, match=f"Kafka at {address} failed while connecting"):
                    source.poll(1, 0)
            # A client that failed must leave no thread behind: this may go on for hours.
            assert threading.active_count() == before


class InDeadTopic:
    """The dead letters of one topic of one partition."""

    def __init__(self, topics: Topics) -> None:
        self.topic = topics.name("behavior")
        self._bootstrap = topics.bootstrap
        self._dead = topics.create("behavior.dead")

    def open(self) -> DeadLetters:
        return KafkaDeadLetters(self._bootstrap)

    def kept(self, count: int) -> list[Mapping[str, object]]:
        found = read(self._bootstrap, self._dead, count)
        assert len(found) == count
        return [{"key": raw.key, "value": raw.value, **_told(raw)} for raw in found]


class TestKafkaDeadLetters(DeadLettersSuite):
    @pytest.fixture
    def morgue(self, kafka_topics: Topics) -> Morgue:
        return InDeadTopic(kafka_topics)

    def test_a_record_too_large_to_be_sent_on_is_cut_and_says_so(self, kafka_topics: Topics) -> None:
        dead = InDeadTopic(kafka_topics)
        letters = dead.open()
        letters.send([a_letter(b"x" * 3_000_000, topic=dead.topic)])
        letters.close()
        (raw,) = read(kafka_topics.bootstrap, kafka_topics.name("behavior.dead"), 1)
        assert len(raw.value) == VALUE_BYTES_KEPT
        assert dict(raw.headers)["dead-value-bytes"] == b"3000000"


def _told(raw: Any) -> dict[str, object]:  # Any: as above
    headers = {name: value.decode() for name, value in raw.headers}
    return {
        "field": headers["dead-field"],
        "reason": headers["dead-reason"],
        "topic": headers["dead-topic"],
        "partition": int(headers["dead-partition"]),
        "position": int(headers["dead-position"]),
    }


class Crash(Exception):
    """The process ends here."""


@dataclass
class Street:
    """Real Kafka, PostgreSQL and Milvus, of one test."""

    topics: Topics
    producer: KafkaProducer
    engine: sa.Engine
    index: MilvusIndex
    group: str = "g"

    def send(self, *events: Event) -> None:
        for event in events:
            encoded = encode_binary(event)
            send(self.producer, self.topics.name(encoded.topic_kind), encoded)

    def consumer(self, *, batch: int = 500, transactions: Transactions | None = None) -> Consumer:
        names = [self.topics.name(kind) for kind in TopicKind]
        return assemble(
            engine=self.engine,
            open_source=lambda start: KafkaSource(
                self.topics.bootstrap,
                group=self.topics.name(self.group),
                topics=names,
                start=start,
                also_required=[f"{name}.dead" for name in names],
                session_seconds=SESSION_SECONDS,
            ),
            targets=lambda: [Target(GenerationId("g-1"), WordEncoder(), self.index)],
            dead_letters=KafkaDeadLetters(self.topics.bootstrap),
            limits=Limits(batch_records=batch, batch_seconds=0.05),
            clock_ms=lambda: NOON_MS,
            transactions=transactions,
        )

    def stream(self) -> Consumer:
        """Takes everything that was sent."""
        consumer = self.consumer()
        consumer.run()
        consumer.close()
        return consumer

    def found(self, title: str) -> str | None:
        """The item that the index finds first for this title."""
        item_no = self.index.search(WordEncoder().encode_items([an_item(title=title)]), 1, timeout_seconds=10).item_nos
        stored = [row for rows in SqlCatalogue(self.engine).scan(100) for row in rows]
        return next((row.item.item_id for row in stored if row.item_no == item_no[0, 0]), None)

    def clicks_of(self, user_id: str) -> list[str]:
        state = SqlFeatureStore(self.engine).get(UserId(user_id))
        return list(state.behaviors.item_ids) if state else []


@pytest.fixture
def street(
    kafka_topics: Topics, producer: KafkaProducer, postgres_url: str, milvus_uri: str, milvus_prefix: str
) -> Iterator[Street]:
    for kind in TopicKind:
        kafka_topics.create(kind, partitions=2)
        kafka_topics.create(f"{kind}.dead")
    engine = database.open_database(postgres_url)
    database.upgrade(engine)
    store = MilvusStore(milvus_uri, strong=True)
    index = store.create(f"{milvus_prefix}g1", dims=32, spec=Flat())
    index.load()
    yield Street(kafka_topics, producer, engine, index)
    store.close()
    engine.dispose()


def test_events_reach_postgresql_and_milvus(street: Street) -> None:
    street.send(an_upsert(an_item(1, title="red wool scarf")), an_upsert(an_item(2, title="green felt hat")))
    street.send(a_click("sku-1", user_id="user-1"), a_click("sku-2", user_id="user-2"))
    consumer = street.stream()
    assert (consumer.progress.events, consumer.progress.dead_letters) == (4, 0)
    assert street.found("a scarf of red wool") == "sku-1"
    assert street.found("felt hat in green") == "sku-2"
    assert street.clicks_of("user-1") == ["sku-1"]
    assert street.clicks_of("user-2") == ["sku-2"]


def test_a_bad_record_lands_on_the_dead_topic_with_its_reason_and_the_rest_goes_on(street: Street) -> None:
    bad = encode_json(a_click("sku-1")).value.replace(b'"clicked"', b'"licked"')
    topic = street.topics.name("behavior")
    headers = [("content-type", b"application/json")]
    place = street.producer.send(topic, key=b"user-1", value=bad, headers=headers).get(timeout=10)
    street.send(a_click("sku-1", user_id="user-1"))
    assert street.stream().progress.dead_letters == 1
    (raw,) = read(street.topics.bootstrap, f"{topic}.dead", 1)
    told = dict(raw.headers)
    assert raw.value == bad
    assert raw.key == b"user-1"
    assert b"licked" in told["dead-reason"]
    assert (told["dead-topic"], int(told["dead-partition"]), int(told["dead-position"])) == (
        topic.encode(),
        place.partition,
        place.offset,
    )
    assert told["content-type"] == b"application/json"
    assert street.clicks_of("user-1") == ["sku-1"]


def test_a_consumer_that_dies_between_milvus_and_the_commit_loses_and_doubles_nothing(street: Street) -> None:
    items = [an_upsert(an_item(number, title=f"shoe number{number}")) for number in range(10)]
    clicks = [a_click(f"sku-{number}", minutes_ago=30 - number) for number in range(20)]
    for events in (items, clicks, []):
        street.send(*events)
        dying = street.consumer(batch=3, transactions=_dying_at_the_third(sql_transactions(street.engine)))
        with pytest.raises(Crash):
            dying.run()
        dying.close()
    street.stream()
    assert street.index.count() == 10
    assert SqlCatalogue(street.engine).count() == 10
    assert [street.found(f"number{number} shoe") for number in range(10)] == [f"sku-{number}" for number in range(10)]
    assert street.clicks_of("user-1") == [f"sku-{number}" for number in range(20)]


def test_two_consumers_share_the_work_and_take_each_record_once(street: Street) -> None:
    users = [f"user-{number}" for number in range(40)]
    stop = threading.Event()
    consumers = [street.consumer(batch=10) for _ in range(2)]
    threads = [threading.Thread(target=consumer.run_forever, args=(stop,)) for consumer in consumers]
    for thread in threads:
        thread.start()
    try:
        for user in users:
            street.send(a_click("sku-1", user_id=user))
        for _ in range(300):
            if all(street.clicks_of(user) for user in users):
                break
            stop.wait(0.1)
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
        for consumer in consumers:
            consumer.close()
    assert [street.clicks_of(user) for user in users] == [["sku-1"]] * 40
    assert sum(consumer.progress.events for consumer in consumers) == 40


def test_kafka_is_told_how_far_we_are(street: Street) -> None:
    partitions = [TopicPartition(street.topics.name("behavior"), number) for number in range(2)]
    # Best effort: while a group rebalances the broker refuses to be told. The next batch tells it again.
    for taken in range(1, 6):
        street.send(a_click("sku-1", user_id="user-1", minutes_ago=taken))
        street.stream()
        watcher = KafkaConsumer(bootstrap_servers=street.topics.bootstrap, group_id=street.topics.name(street.group))
        committed = {watcher.committed(partition) for partition in partitions}
        watcher.close()
        if committed == {taken, None}:
            return
    pytest.fail(f"after five batches Kafka knows {committed}")


def test_a_new_title_replaces_the_vector(street: Street) -> None:
    street.send(an_upsert(an_item(1, title="red wool scarf")))
    street.stream()
    street.send(an_upsert(an_item(1, title="green felt hat", source_version=2)))
    street.stream()
    stored = SqlCatalogue(street.engine).get([ItemId("sku-1")])[ItemId("sku-1")]
    vectors = vectors_by_item(street.index.rows_of(np.array([stored.item_no], np.int64)))
    expected = WordEncoder().encode_items([an_item(title="green felt hat")])[0]
    assert np.allclose(vectors[stored.item_no], expected, atol=1e-6)
    assert street.index.count() == 1


def _dying_at_the_third(transactions: Transactions) -> Transactions:
    """The third batch is written to Milvus and then never committed."""
    opened = 0

    @contextmanager
    def open_one() -> Iterator[Stores]:
        nonlocal opened
        opened += 1
        with transactions() as stores:
            yield stores
            if opened == 3:
                raise Crash

    return open_one
