"""A broker that dies and comes back in the middle of a load, with consumers that are not restarted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from multigrain import database
from tests.integration.click_stream import ClickStream, eventually, quiet_client
from tests.services.kafka_topics import create_topics
from tests.services.service import Service


@pytest.fixture
def clicks(own_kafka: Service, tmp_path: Path) -> Iterator[ClickStream]:
    engine = database.open_database(f"sqlite:///{tmp_path / 'clicks.db'}")
    database.upgrade(engine)
    with quiet_client():
        yield ClickStream(own_kafka.address, "multigrain.behavior", engine)
    engine.dispose()


@pytest.mark.slow
def test_a_killed_broker_is_waited_for_and_nothing_is_lost_or_doubled(
    own_kafka: Service, clicks: ClickStream, caplog: pytest.LogCaptureFixture
) -> None:
    # Begun while the topic is not there, and later without a broker: neither takes a restart.
    consumer = clicks.consumer(stall_seconds=10)
    with clicks.running(consumer):
        eventually(lambda: "has no topic multigrain.behavior: create it" in _said(caplog))
        create_topics(own_kafka.address, {clicks.topic: 3})
        with clicks.sending(a_second=100):
            eventually(lambda: consumer.progress.events > 100)
            own_kafka.kill()
            gone = f"Kafka at {own_kafka.address} failed while connecting"
            eventually(lambda: gone in _said(caplog))
            own_kafka.restart()
            before = consumer.progress.events
            eventually(lambda: consumer.progress.events > before + 100)
        clicks.wait_for_all()
    clicks.assert_each_was_taken_once()


def _said(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(str(getattr(record, "fields", "")) for record in caplog.records)
