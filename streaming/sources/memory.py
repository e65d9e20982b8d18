"""A log in memory: partitions by key, positions, any number of readers. For embedded use; another thread may append."""

import threading
import time
from collections.abc import Mapping
from zlib import crc32

from streaming.source import Headers, Partition, Positions, Record, Start


class MemoryLog:
    """What a broker is to Kafka: it outlives its readers."""

    def __init__(self, topics: Mapping[str, int]) -> None:
        """`topics`: how many partitions each has."""
        self._topics = dict(topics)
        self._records: dict[Partition, list[Record]] = {
            Partition(topic, number): [] for topic, count in topics.items() for number in range(count)
        }
        self._grown = threading.Condition()

    @property
    def partitions(self) -> tuple[Partition, ...]:
        return tuple(self._records)

    def append(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = ()) -> Record:
        """Adds one record; records of one key keep their order. An unknown topic raises KeyError."""
        with self._grown:
            partition = Partition(topic, crc32(key or b"") % self._topics[topic])
            records = self._records[partition]
            record = Record(partition=partition, position=len(records), key=key, value=value, headers=headers)
            records.append(record)
            self._grown.notify_all()
        return record

    def end(self, partition: Partition) -> int:
        return len(self._records[partition])

    def read(self, partition: Partition, position: int, count: int) -> list[Record]:
        return self._records[partition][position : position + count]

    def wait_beyond(self, positions: Positions, timeout_seconds: float) -> None:
        """Until some partition reaches beyond its position, or the time is over."""
        with self._grown:
            self._grown.wait_for(lambda: any(self.end(p) > at for p, at in positions.items()), timeout_seconds)


class MemorySource:
    """One reader of a MemoryLog, of all its partitions."""

    def __init__(self, log: MemoryLog, start: Start) -> None:
        self._log = log
        self._start = start
        self._next: dict[Partition, int] | None = None
        self._acknowledged: dict[Partition, int] = {}
        self._paused = False

    def poll(self, max_records: int, timeout_seconds: float, *, ahead: bool = False) -> list[Record]:
        if self._paused or (ahead and self._next is None):
            return []
        at = self._positions()
        deadline = time.monotonic() + timeout_seconds
        taken: list[Record] = []
        while True:
            for partition in at:
                found = self._log.read(partition, at[partition], max_records - len(taken))
                at[partition] += len(found)
                taken.extend(found)
            left = deadline - time.monotonic()
            if len(taken) >= max_records or left <= 0:
                return taken
            self._log.wait_beyond(at, left)

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False

    def rewind(self) -> None:
        self._next, self._acknowledged = None, {}

    def acknowledge(self, positions: Positions) -> None:
        self._acknowledged.update(positions)

    def lag(self) -> Positions:
        taken = {**(self._next or {}), **self._acknowledged}
        return {partition: self._log.end(partition) - at for partition, at in taken.items()}

    def at_end(self) -> bool:
        return all(self._log.end(partition) <= at for partition, at in self._positions().items())

    def close(self) -> None:
        pass

    def _positions(self) -> dict[Partition, int]:
        if self._next is None:
            stored = self._start(self._log.partitions)
            self._next = {partition: stored.get(partition, 0) for partition in self._log.partitions}
        return self._next
