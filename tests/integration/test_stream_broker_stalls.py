"""A client that stops giving records, as each client of Kafka has done, and a log that lost records unread."""

import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, TopicPartition

from multigrain import database
from multigrain.errors import LogUnavailable
from streaming.consumer import Consumer
from streaming.lost_records import RecordsLost, Skip
from streaming.sources.kafka import KafkaSource
from streaming.sources.kafka_member import Extent, KafkaMember
from streaming.watchdog import PartitionStalled
from tests.integration.click_stream import SESSION_SECONDS, ClickStream, eventually, quiet_client
from tests.services.fixtures import Topics
from tests.services.kafka_topics import create_topics, delete_topics


@pytest.fixture
def clicks(kafka_topics: Topics, tmp_path: Path) -> Iterator[ClickStream]:
    engine = database.open_database(f"sqlite:///{tmp_path / 'clicks.db'}")
    database.upgrade(engine)
    with quiet_client():
        yield ClickStream(kafka_topics.bootstrap, kafka_topics.create("behavior"), engine)
    engine.dispose()


# Stalls


def test_a_partition_that_the_client_has_paused_is_rewound(
    clicks: ClickStream, caplog: pytest.LogCaptureFixture
) -> None:
    consumer = _with_ten_taken(clicks, stall_seconds=1)
    client = _source(consumer)._member.client
    client.pause(*client.assignment())
    clicks.send(10)
    with clicks.running(consumer):
        clicks.wait_for_all()
    clicks.assert_each_was_taken_once()
    assert _remedies(caplog) == ["rewind"]


def test_a_partition_that_the_client_no_longer_fetches_is_joined_anew(
    clicks: ClickStream, caplog: pytest.LogCaptureFixture
) -> None:
    consumer = _with_ten_taken(clicks, stall_seconds=1)
    _stop_fetching(_source(consumer))
    clicks.send(10)
    with clicks.running(consumer):
        clicks.wait_for_all()
    clicks.assert_each_was_taken_once()
    assert _remedies(caplog) == ["rewind", "rejoin"]


def test_a_group_that_waits_for_a_dead_member_is_waited_for(
    clicks: ClickStream, caplog: pytest.LogCaptureFixture
) -> None:
    clicks.send(10)
    _join_and_die(clicks)
    consumer = clicks.consumer(stall_seconds=1)
    with clicks.running(consumer):
        clicks.wait_for_all()
    assert _remedies(caplog) == []


def test_where_nothing_helps_the_stream_ends_and_says_where_it_stands(
    clicks: ClickStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumer = _with_ten_taken(clicks, stall_seconds=0.5)
    clicks.send(10)
    read = KafkaMember.read

    def read_nothing(member: KafkaMember, max_records: int, wait_seconds: float) -> dict[TopicPartition, list[object]]:
        member.client.pause(*member.client.assignment())
        read(member, max_records, wait_seconds)
        return {}

    monkeypatch.setattr(KafkaMember, "read", read_nothing)
    with pytest.raises(PartitionStalled, match=r"\[0\] stands at 10, and the log reaches to 20; neither a rewind nor"):
        consumer.run_forever(threading.Event())
    consumer.close()


def test_what_was_read_before_a_poll_failed_is_read_again(clicks: ClickStream, monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = _with_ten_taken(clicks)
    source, member = _source(consumer), _source(consumer)._member
    clicks.send(10)
    read, reads = member.read, list[int]()

    def read_once(max_records: int, wait_seconds: float) -> object:
        found = read(max_records, wait_seconds)
        reads.append(sum(map(len, found.values())))
        if sum(reads) and len(reads) > 1:
            monkeypatch.undo()
            raise LogUnavailable("the broker is gone: start it")
        return found

    monkeypatch.setattr(member, "read", read_once)
    with pytest.raises(LogUnavailable):
        source.poll(100, 1.0)
    assert sum(reads) == 10
    consumer.run()
    consumer.close()
    clicks.assert_each_was_taken_once()


def test_partitions_that_are_taken_away_between_two_calls_are_asked_for_anew(
    clicks: ClickStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the client does in a thread of its own when the group has forgotten it."""
    consumer = _with_ten_taken(clicks)
    source, member = _source(consumer), _source(consumer)._member
    assert member
    held, state = member.membership.assigned, member.client._subscription
    assignment, extents = dict(state.assignment), member.extents

    def extents_and_then_nothing(partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, Extent]:
        found = extents(partitions)
        state.assignment.clear()
        return found

    with monkeypatch.context() as taking:
        taking.setattr(member, "extents", extents_and_then_nothing)
        source.rewind()
        with pytest.raises(LogUnavailable, match=r"\[0\] away meanwhile: it is asked anew"):
            source.poll(1, 0.1)
    with monkeypatch.context() as late:
        late.setattr(member, "_assigned", lambda: held)
        source.pause()
        source.resume()
        assert set(source.lag().values()) == set()
    state.assignment.update(assignment)

    clicks.send(10)
    consumer.run()
    consumer.close()
    clicks.assert_each_was_taken_once()


def _with_ten_taken(clicks: ClickStream, **source_parts: float) -> Consumer:
    clicks.send(10)
    consumer = clicks.consumer(**source_parts)  # type: ignore[arg-type]
    consumer.run()
    assert len(clicks.taken()) == 10
    return consumer


def _join_and_die(clicks: ClickStream) -> None:
    """A member in a process of its own, killed: it does not say goodbye."""
    member = f"""
from streaming.sources.kafka_member import KafkaMember
member = KafkaMember({clicks.bootstrap!r}, group={clicks.topic!r}, topics=[{clicks.topic!r}], also_required=[],
                     session_seconds={SESSION_SECONDS}, bootstrap_seconds=10)
while not (member.settled and member.membership.assigned):
    member.read(1, 0.1)
print("joined", flush=True)
while True:
    member.read(1, 0.1)
"""
    with subprocess.Popen([sys.executable, "-c", member], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            assert process.stdout.readline() == "joined\n"
        finally:
            process.kill()


def _stop_fetching(source: KafkaSource) -> None:
    # As kafka-python 3.0 did by itself: docs/adr/0003.
    assert source._member
    source._member.client._subscription.mark_pending_revocation(source._member.client.assignment())


def _source(consumer: Consumer) -> KafkaSource:
    assert isinstance(consumer.source, KafkaSource)
    return consumer.source


def _remedies(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.fields["remedy"] for r in caplog.records if r.message == "the stream stands still"]  # type: ignore[attr-defined]


# Lost records


def test_records_deleted_unread_stop_the_stream_with_every_number(clicks: ClickStream) -> None:
    _with_ten_taken(clicks).close()
    clicks.send(20)
    _delete_before(clicks, 25)
    consumer = clicks.consumer()
    said = rf"{clicks.topic}\[0\] stands at 10, and the log has 25 to 30: 15 records were deleted before they were read"
    with pytest.raises(RecordsLost, match=said):
        consumer.run()
    consumer.close()
    assert len(clicks.taken()) == 10


def test_records_deleted_under_a_running_consumer_are_noticed_too(clicks: ClickStream) -> None:
    consumer = _with_ten_taken(clicks)
    consumer.source.pause()
    clicks.send(20)
    _delete_before(clicks, 25)
    consumer.source.resume()
    with pytest.raises(RecordsLost, match="15 records were deleted"):
        consumer.run()
    consumer.close()


def test_by_consent_the_stream_goes_on_with_the_oldest_record(clicks: ClickStream) -> None:
    _with_ten_taken(clicks).close()
    clicks.send(20)
    _delete_before(clicks, 25)
    consumer = clicks.consumer(when_lost=Skip(clicks.engine))
    consumer.run()
    consumer.close()
    assert clicks.taken() == sorted(click.event_id for click in [*clicks.sent[:10], *clicks.sent[25:]])


def test_a_topic_made_anew_is_said_and_by_consent_read_from_its_beginning(clicks: ClickStream) -> None:
    _with_ten_taken(clicks).close()
    delete_topics(clicks.bootstrap, clicks.topic)
    eventually(lambda: _can_be_made(clicks))
    clicks.send(3)
    stopping = clicks.consumer()
    with pytest.raises(RecordsLost, match=r"stands at 10, and the log has 0 to 3: the topic was made anew"):
        stopping.run()
    stopping.close()
    consumer = clicks.consumer(when_lost=Skip(clicks.engine))
    consumer.run()
    consumer.close()
    clicks.assert_each_was_taken_once()


def _delete_before(clicks: ClickStream, offset: int) -> None:
    admin = KafkaAdminClient(bootstrap_servers=clicks.bootstrap)
    admin.delete_records({TopicPartition(clicks.topic, 0): offset})
    admin.close()


def _can_be_made(clicks: ClickStream) -> bool:
    try:
        create_topics(clicks.bootstrap, {clicks.topic: 1})
    except Exception:
        return False
    return True
