"""Logs replayed into a real broker, with the pace asked for, and ended in the middle."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from commands.main import main
from tests.integration.programs import MULTIGRAIN, environment
from tests.services.fixtures import Topics
from tests.small_training import small_logs
from trainer.data.logs import write_logs


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    write_logs(tmp_path / "logs", small_logs())
    return tmp_path / "logs"


def test_an_interrupted_replay_says_how_many_went_and_they_are_all_there(
    logs: Path, kafka_topics: Topics, tmp_path: Path
) -> None:
    topic = kafka_topics.create("behavior")
    settings = {"MULTIGRAIN_KAFKA_BOOTSTRAP": kafka_topics.bootstrap, "MULTIGRAIN_KAFKA_BEHAVIOR_TOPIC": topic}
    arguments = ["produce", "--logs", str(logs), "--only", "behavior", "--rate", "100", "--json"]
    with subprocess.Popen(
        [MULTIGRAIN, *arguments], cwd=tmp_path, env=environment(settings), stdout=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while _records(kafka_topics.bootstrap, topic) < 50:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        said = json.loads(process.communicate(timeout=30)[0])
    assert process.returncode == 130
    assert said["interrupted"]
    assert said["events"] == _records(kafka_topics.bootstrap, topic)


def test_a_file_is_written_whole(logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = tmp_path / "events.jsonl"
    assert main(["produce", "--logs", str(logs), "--only", "items", "--to", str(events), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["events"], said["interrupted"]) == (len(events.read_text().splitlines()), False)
    assert said["events"] > 10


@pytest.mark.parametrize("pace", [["--rate", "0"], ["--speed", "-1"]])
def test_a_pace_that_cannot_be_is_refused(logs: Path, pace: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["produce", "--logs", str(logs), "--to", str(logs / "e.jsonl"), *pace]) == 2
    assert f"{pace[0]}: is {pace[1]}: give a number above 0" in capsys.readouterr().err


def _records(bootstrap: str, topic: str) -> int:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    try:
        return int(consumer.end_offsets([TopicPartition(topic, 0)])[TopicPartition(topic, 0)])
    finally:
        consumer.close()
