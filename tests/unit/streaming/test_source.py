"""Memory and file sources. Kafka runs through the same suite in tests/integration/test_stream_kafka.py."""

from pathlib import Path

import pytest

from multigrain.errors import InvalidEvent, Missing
from multigrain.events import Clicked
from streaming.decode import decode
from streaming.encode import encode_json, encode_line
from streaming.source import Source, Start
from streaming.sources.file import FileSource, partition_of
from streaming.sources.memory import MemoryLog, MemorySource
from tests.builders import NOON_MS, a_click
from tests.unit.streaming.source_suite import Log, SourceSuite, Stored, drained, item_ids


class InMemory:
    def __init__(self) -> None:
        self._log = MemoryLog({"multigrain.behavior": 1})

    def append(self, event: Clicked) -> None:
        encoded = encode_json(event)
        self._log.append("multigrain.behavior", encoded.key, encoded.value, encoded.headers)

    def open(self, start: Start) -> Source:
        return MemorySource(self._log, start)


class InFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, event: Clicked) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(encode_line(event, "multigrain.behavior") + "\n")

    def open(self, start: Start) -> Source:
        return FileSource(self.path, start)


class TestMemorySource(SourceSuite):
    @pytest.fixture
    def log(self) -> Log:
        return InMemory()

    def test_records_of_one_key_share_a_partition_in_order(self) -> None:
        log = MemoryLog({"t": 4})
        for number in range(20):
            log.append("t", b"user-%d" % (number % 5), b"%d" % number)
        records = MemorySource(log, Stored()).poll(100, 0)
        of_user_3 = [record for record in records if record.key == b"user-3"]
        assert [record.value for record in of_user_3] == [b"3", b"8", b"13", b"18"]
        assert len({record.partition for record in of_user_3}) == 1
        assert len({record.partition for record in records}) > 1

    def test_lag_is_what_is_left(self) -> None:
        log = MemoryLog({"t": 1})
        source = MemorySource(log, Stored())
        for _ in range(5):
            log.append("t", None, b"x")
        source.poll(2, 0)
        assert source.lag() == {log.partitions[0]: 3}


class TestFileSource(SourceSuite):
    @pytest.fixture
    def log(self, tmp_path: Path) -> Log:
        return InFile(tmp_path / "events.jsonl")

    @pytest.mark.parametrize("broken", ["no json", "{}", "[1]", '{"value": 7}', "", '{"value": {"clicked": {}}}'])
    def test_a_broken_line_is_a_record_that_cannot_be_decoded(self, tmp_path: Path, broken: str) -> None:
        path = tmp_path / "events.jsonl"
        good = encode_line(a_click(), "multigrain.behavior")
        path.write_text(f"{good}\n{broken}\n{good}", encoding="utf-8")
        stored = Stored()
        source = FileSource(path, stored)
        records = drained(source, stored)
        source.close()
        assert [record.position for record in records] == [0, 1, 2]
        assert item_ids([records[0], records[2]]) == ["sku-1", "sku-1"]
        with pytest.raises(InvalidEvent):
            decode(records[1], now_ms=NOON_MS)

    def test_another_file_of_the_same_name_is_another_partition(self, tmp_path: Path) -> None:
        log = InFile(tmp_path / "events.jsonl")
        log.append(a_click("sku-1"))
        before = partition_of(log.path)
        log.append(a_click("sku-2"))
        assert partition_of(log.path) == before
        log.path.unlink()
        log.append(a_click("sku-2"))
        assert partition_of(log.path) != before

    def test_a_file_that_is_not_there_is_said_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(Missing, match=r"no events file .*gone\.jsonl"):
            FileSource(tmp_path / "gone.jsonl", Stored())
