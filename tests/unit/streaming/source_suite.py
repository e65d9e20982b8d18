"""What every source promises. A kind is finished when a class that inherits this, with its own `log`, is green."""

import time
from collections.abc import Collection
from typing import Protocol

from multigrain.errors import StoreUnavailable
from multigrain.events import Clicked
from streaming.decode import decode
from streaming.source import Partition, Positions, Record, Source, Start
from tests.builders import NOON_MS, a_click

PATIENCE_SECONDS = 30
"""For a group of real Kafka to form."""


class Log(Protocol):
    """One partition of a kind of log, seen from both ends."""

    def append(self, event: Clicked) -> None: ...

    def open(self, start: Start) -> Source: ...


class Stored:
    """A `Start` as SQL would be it."""

    def __init__(self, position: int | None = None, *, failures: int = 0) -> None:
        self.position = position
        self.failures = failures
        self.asked = 0

    def __call__(self, partitions: Collection[Partition]) -> Positions:
        self.asked += 1
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("the database is down: start it")
        return {} if self.position is None else dict.fromkeys(partitions, self.position)

    def record(self, records: list[Record]) -> None:
        """As the consumer does behind every batch: a group may rebalance at any time, and then reads on from here."""
        if records:
            self.position = records[-1].position + 1


def clicks(count: int) -> list[Clicked]:
    return [a_click(f"sku-{number}") for number in range(count)]


def item_ids(records: list[Record]) -> list[str]:
    events = [decode(record, now_ms=NOON_MS) for record in records]
    return [event.item_id for event in events if isinstance(event, Clicked)]


def drain(source: Source, stored: Stored, count: int, *, at_a_time: int = 100) -> list[Record]:
    """Polls until `count` records have come, and fails when they do not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    taken: list[Record] = []
    while len(taken) < count:
        assert time.monotonic() < deadline, f"{len(taken)} of {count} records came"
        polled = source.poll(at_a_time, 0.05)
        assert len(polled) <= at_a_time
        stored.record(polled)
        taken.extend(polled)
    return taken


def drained(source: Source, stored: Stored) -> list[Record]:
    """Everything up to the end of the log."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    taken: list[Record] = []
    while True:
        polled = source.poll(100, 0.05)
        stored.record(polled)
        taken.extend(polled)
        if not polled and source.at_end():
            return taken
        assert time.monotonic() < deadline, "the end of the log is never reached"


class SourceSuite:
    def test_records_come_in_order_and_can_be_decoded(self, log: Log) -> None:
        for click in clicks(5):
            log.append(click)
        stored = Stored()
        source = log.open(stored)
        records = drain(source, stored, 5, at_a_time=2)
        source.close()
        assert item_ids(records) == ["sku-0", "sku-1", "sku-2", "sku-3", "sku-4"]
        assert [record.position for record in records] == [0, 1, 2, 3, 4]
        assert [record.key for record in records] == [b"user-1"] * 5

    def test_reading_goes_on_at_the_stored_position(self, log: Log) -> None:
        for click in clicks(5):
            log.append(click)
        stored = Stored(3)
        source = log.open(stored)
        records = drained(source, stored)
        source.close()
        assert [(record.position, *item_ids([record])) for record in records] == [(3, "sku-3"), (4, "sku-4")]

    def test_what_was_read_but_not_recorded_is_read_again(self, log: Log) -> None:
        for click in clicks(3):
            log.append(click)
        first = log.open(Stored())
        drain(first, Stored(), 3)
        first.close()
        second = log.open(Stored())
        records = drain(second, Stored(), 3)
        second.close()
        assert item_ids(records)[:3] == ["sku-0", "sku-1", "sku-2"]

    def test_rewind_reads_again_from_what_is_stored_now(self, log: Log) -> None:
        for click in clicks(4):
            log.append(click)
        stored = Stored()
        source = log.open(stored)
        drain(source, stored, 4)
        stored.position = 2
        source.rewind()
        records = drained(source, stored)
        source.close()
        assert item_ids(records) == ["sku-2", "sku-3"]

    def test_a_paused_source_gives_nothing_and_loses_nothing(self, log: Log) -> None:
        log.append(a_click("sku-0"))
        stored = Stored()
        source = log.open(stored)
        drain(source, stored, 1)
        log.append(a_click("sku-1"))
        source.pause()
        assert [source.poll(100, 0.05) for _ in range(5)] == [[]] * 5
        source.resume()
        records = drained(source, stored)
        source.close()
        assert item_ids(records) == ["sku-1"]

    def test_when_positions_cannot_be_read_the_next_poll_asks_again(self, log: Log) -> None:
        for click in clicks(3):
            log.append(click)
        stored = Stored(1, failures=2)
        source = log.open(stored)
        records, refusals = [], 0
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(records) < 2 and time.monotonic() < deadline:
            try:
                polled = source.poll(100, 0.05)
            except StoreUnavailable:
                refusals += 1
            else:
                stored.record(polled)
                records += polled
        source.close()
        assert refusals == 2
        assert item_ids(records) == ["sku-1", "sku-2"]

    def test_the_end_moves_with_what_is_appended(self, log: Log) -> None:
        log.append(a_click("sku-0"))
        stored = Stored()
        source = log.open(stored)
        assert not source.at_end()
        drained(source, stored)
        log.append(a_click("sku-1"))
        assert not source.at_end()
        records = drained(source, stored)
        source.close()
        assert item_ids(records) == ["sku-1"]

    def test_acknowledging_does_not_move_the_reading(self, log: Log) -> None:
        for click in clicks(3):
            log.append(click)
        stored = Stored()
        source = log.open(stored)
        first = drain(source, stored, 1, at_a_time=1)
        source.acknowledge({first[0].partition: 3})
        source.rewind()
        records = drained(source, stored)
        source.close()
        assert item_ids(records) == ["sku-1", "sku-2"]

    def test_what_is_read_ahead_follows_what_was_polled_without_asking_where_to_start(self, log: Log) -> None:
        for click in clicks(5):
            log.append(click)
        stored = Stored()
        source = log.open(stored)
        first = drain(source, stored, 2, at_a_time=2)
        asked, deadline = stored.asked, time.monotonic() + PATIENCE_SECONDS
        ahead: list[Record] = []
        while len(ahead) < 3 and time.monotonic() < deadline:
            ahead += source.poll(2, 0.05, ahead=True)
        source.close()
        assert item_ids([*first, *ahead]) == ["sku-0", "sku-1", "sku-2", "sku-3", "sku-4"]
        assert stored.asked == asked

    def test_nothing_is_read_ahead_where_a_start_would_have_to_be_asked(self, log: Log) -> None:
        for click in clicks(2):
            log.append(click)
        stored = Stored()
        source = log.open(stored)
        assert source.poll(5, 0.05, ahead=True) == []
        assert stored.asked == 0
        drain(source, stored, 1, at_a_time=1)
        source.rewind()
        asked = stored.asked
        assert source.poll(5, 0.05, ahead=True) == []
        assert stored.asked == asked
        assert item_ids(drain(source, stored, 1)) == ["sku-1"]
        source.close()
