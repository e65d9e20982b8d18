"""Dead letters of a real broker: listed, sent again once, and not twice."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from commands.main import main
from streaming.dead_letters.kafka import KafkaDeadLetters
from streaming.source import Headers
from tests.integration.click_stream import quiet_client
from tests.services.fixtures import Topics
from tests.unit.streaming.dead_letters_suite import a_letter

HEADERS: Headers = (("content-type", b"application/json"),)


@dataclass
class Morgue:
    """The topic `behavior`, its dead letters, and the command over them."""

    topics: Topics
    capsys: pytest.CaptureFixture[str]

    def put(self, *values: bytes) -> None:
        letters = KafkaDeadLetters(self.topics.bootstrap)
        topic = self.topics.name("behavior")
        letters.send([a_letter(value, topic=topic, position=n, headers=HEADERS) for n, value in enumerate(values)])
        letters.close()

    def run(self, *arguments: str) -> dict[str, Any]:  # Any: a JSON object
        assert main(["dead-letters", *arguments, "--json"]) == 0
        found: dict[str, Any] = json.loads(self.capsys.readouterr().out)  # Any: as above
        return found

    def sent_again(self) -> list[Any]:  # Any: kafka-python ships no types
        consumer = KafkaConsumer(bootstrap_servers=self.topics.bootstrap, enable_auto_commit=False)
        partition = TopicPartition(self.topics.name("behavior"), 0)
        consumer.assign([partition])
        consumer.seek(partition, 0)
        end, found = consumer.end_offsets([partition])[partition], list[Any]()  # Any: as above
        while len(found) < end:
            found += consumer.poll(timeout_ms=500).get(partition, [])
        consumer.close()
        return found


@pytest.fixture
def morgue(
    kafka_topics: Topics, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Morgue]:
    for kind in ("items", "behavior"):
        kafka_topics.create(kind)
        kafka_topics.create(f"{kind}.dead")
        monkeypatch.setenv(f"MULTIGRAIN_KAFKA_{kind.upper()}_TOPIC", kafka_topics.name(kind))
    monkeypatch.setenv("MULTIGRAIN_KAFKA_BOOTSTRAP", kafka_topics.bootstrap)
    monkeypatch.setenv("MULTIGRAIN_KAFKA_GROUP", kafka_topics.name("group"))
    with quiet_client():
        yield Morgue(kafka_topics, capsys)


def test_the_newest_are_listed_with_where_and_why(morgue: Morgue) -> None:
    morgue.put(b"one", b"two", b"three")
    letters = morgue.run("list", "--limit", "2")["letters"]
    assert [(letter["position"], letter["field"], letter["bytes"]) for letter in letters] == [
        (1, "clicked.item_id", 3),
        (2, "clicked.item_id", 5),
    ]
    assert letters[0]["topic"] == morgue.topics.name("behavior")
    assert letters[0]["reason"] == "clicked.item_id: is broken: mend it"
    assert letters[0]["when"].startswith("20")


def test_records_go_back_as_they_were_and_only_once(morgue: Morgue) -> None:
    morgue.put(b"\xff one", b"two")
    assert morgue.run("replay", "--dry-run")["sent"] == 2
    assert morgue.sent_again() == []
    assert morgue.run("replay")["sent"] == 2
    assert [(raw.key, raw.value, tuple(raw.headers)) for raw in morgue.sent_again()] == [
        (b"user-1", b"\xff one", HEADERS),
        (b"user-1", b"two", HEADERS),
    ]
    assert morgue.run("replay")["sent"] == 0
    morgue.put(b"three")
    assert morgue.run("replay")["sent"] == 1
    assert [raw.value for raw in morgue.sent_again()] == [b"\xff one", b"two", b"three"]


def test_one_field_can_be_sent_alone_and_is_not_sent_again_with_the_rest(morgue: Morgue) -> None:
    morgue.put(b"broken")
    _put_unkeyed(morgue, b"unkeyed")
    assert morgue.run("replay", "--field", "key")["sent"] == 1
    assert [raw.value for raw in morgue.sent_again()] == [b"unkeyed"]
    assert morgue.run("replay", "--field", "key")["sent"] == 0
    assert morgue.run("replay")["sent"] == 1
    assert [raw.value for raw in morgue.sent_again()] == [b"unkeyed", b"broken"]


def test_what_was_cut_is_refused_with_its_reason_and_holds_nothing_up(morgue: Morgue) -> None:
    morgue.put(b"x" * 3_000_000, b"two")
    outcome = morgue.run("replay")
    assert outcome["sent"] == 1
    assert [letter["because"] for letter in outcome["refused"]] == ["its value was cut from 3,000,000 to 524,288 bytes"]
    assert [raw.value for raw in morgue.sent_again()] == [b"two"]


def test_a_topic_that_is_not_ours_is_refused(morgue: Morgue, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dead-letters", "list", "--topic", "other"]) == 2
    assert "--topic: is 'other': give one of" in capsys.readouterr().err


def _put_unkeyed(morgue: Morgue, value: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=morgue.topics.bootstrap)
    told = [("dead-field", b"key"), ("dead-reason", b"key: is none"), ("dead-topic", b"%s" % _topic(morgue))]
    place = [("dead-partition", b"0"), ("dead-position", b"9")]
    producer.send(morgue.topics.name("behavior.dead"), value=value, headers=[*told, *place]).get(timeout=10)
    producer.close()


def _topic(morgue: Morgue) -> bytes:
    return morgue.topics.name("behavior").encode()
