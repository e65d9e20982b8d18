"""Consumers that join and leave a group under load: nothing is lost or doubled, and what stays is not begun again."""

from collections.abc import Iterator

import numpy as np
import pytest
from kafka import TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment

from multigrain import database
from multigrain.telemetry import STREAM_TAKEN_UP
from streaming.sources.kafka_assignor import HeldPartitions
from tests.integration.click_stream import ClickStream, eventually
from tests.services.fixtures import Topics

PARTITIONS = 6


@pytest.fixture
def clicks(kafka_topics: Topics, postgres_url: str) -> Iterator[ClickStream]:
    engine = database.open_database(postgres_url)
    database.upgrade(engine)
    yield ClickStream(kafka_topics.bootstrap, kafka_topics.create("behavior", partitions=PARTITIONS), engine)
    engine.dispose()


def test_consumers_come_and_go_and_each_event_is_taken_once(clicks: ClickStream) -> None:
    first, second, third = clicks.consumer(), clicks.consumer(), clicks.consumer()
    begun = [0]
    with clicks.sending(a_second=150):
        with clicks.running(first):
            eventually(lambda: first.progress.events > 50)
            begun.append(_begun(clicks.topic))
            with clicks.running(second):
                eventually(lambda: second.progress.events > 50)
                before = first.progress.events
                eventually(lambda: first.progress.events > before + 50)
                begun.append(_begun(clicks.topic))
        with clicks.running(third):
            eventually(lambda: third.progress.events > 50)
    # All six by the first; the three that went over to the second. Had each begun again whatever it has whenever the
    # group changes, the second step would be six.
    assert np.diff(begun).tolist() == [PARTITIONS, PARTITIONS // 2]
    with clicks.running(clicks.consumer()):
        clicks.wait_for_all()
    clicks.assert_each_was_taken_once()


def test_a_member_that_lost_its_place_claims_nothing() -> None:
    held = {TopicPartition("t", 0), TopicPartition("t", 1)}
    assignor = HeldPartitions(lambda: held)
    assignor.on_assignment(ConsumerProtocolAssignment(1, [("t", [0, 1])], b""), 7)
    assert _claims(assignor) == {0, 1}
    held.clear()
    assert _claims(assignor) == set()


def test_what_the_client_would_claim_by_itself_is_out_of_date() -> None:
    # When this fails, the client has been mended and HeldPartitions can go.
    assignor = CooperativeStickyAssignor()
    assignor.on_assignment(ConsumerProtocolAssignment(1, [("t", [0, 1])], b""), 7)
    assert _claims(assignor) == {0, 1}


def _claims(assignor: CooperativeStickyAssignor) -> set[int]:
    return {number for topic in assignor.metadata({"t"}).owned_partitions for number in topic.partitions}


def _begun(topic: str) -> int:
    (metric,) = STREAM_TAKEN_UP.collect()
    return sum(int(s.value) for s in metric.samples if s.labels["topic"] == topic and s.name.endswith("_total"))
