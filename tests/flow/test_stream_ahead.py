"""A consumer reads the next batch while it takes one, and what it read ahead is neither lost nor taken twice."""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from multigrain.errors import StoreUnavailable
from streaming.app import sql_transactions
from streaming.handlers.handler import Stores, Transactions
from streaming.source import Record, Start
from streaming.sources.memory import MemoryLog, MemorySource
from tests.builders import a_click
from tests.flow.test_stream import House

PATIENCE_SECONDS = 10.0


class WatchedSource(MemorySource):
    """Says when a batch was read ahead."""

    def __init__(self, log: MemoryLog, start: Start) -> None:
        super().__init__(log, start)
        self.read_ahead = threading.Event()

    def poll(self, max_records: int, timeout_seconds: float, *, ahead: bool = False) -> list[Record]:
        records = super().poll(max_records, timeout_seconds, ahead=ahead)
        if ahead and records:
            self.read_ahead.set()
        return records


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path, log=MemoryLog({"multigrain.items": 1, "multigrain.behavior": 1}))
    made.send(*(a_click(f"sku-{number}", minutes_ago=20 - number) for number in range(6)))
    return made


def run_with(house: House, inside: Callable[[WatchedSource, int], None]) -> int:
    """Two records a batch; `inside` is called within each transaction. Returns how many events were taken."""
    sources: list[WatchedSource] = []

    def open_source(start: Start) -> WatchedSource:
        sources.append(WatchedSource(house.log, start))
        return sources[0]

    consumer = house.consumer(
        batch=2,
        open_source=open_source,
        transactions=_with(sql_transactions(house.engine), lambda number: inside(sources[0], number)),
    )
    consumer.run()
    consumer.close()
    return consumer.progress.events


def skus(numbers: Sequence[int]) -> list[str]:
    return [f"sku-{number}" for number in numbers]


def test_the_next_batch_is_read_while_one_is_taken(house: House) -> None:
    seen: list[bool] = []

    def wait_for_the_next(source: WatchedSource, number: int) -> None:
        if number < 2:
            seen.append(source.read_ahead.wait(PATIENCE_SECONDS))
            source.read_ahead.clear()

    assert run_with(house, wait_for_the_next) == 6
    assert seen == [True, True]
    assert house.clicks_of() == skus(range(6))


def test_a_store_that_is_down_while_a_batch_is_read_ahead_costs_none_of_both(house: House) -> None:
    def fail_at_first(source: WatchedSource, number: int) -> None:
        assert source.read_ahead.wait(PATIENCE_SECONDS) or number > 3
        if number < 3:
            raise StoreUnavailable("the database is down: start it")

    assert run_with(house, fail_at_first) == 6
    assert len(house.waits) == 3
    assert house.clicks_of() == skus(range(6))


def test_what_another_consumer_took_is_not_taken_from_what_was_read_ahead(house: House) -> None:
    openings = itertools.count()

    @contextmanager
    def overtaken() -> Iterator[Stores]:
        if next(openings) == 1:
            house.stream()
        with sql_transactions(house.engine)() as stores:
            yield stores

    consumer = house.consumer(batch=2, transactions=overtaken)
    consumer.run()
    consumer.close()
    assert consumer.progress.events == 2
    assert house.clicks_of() == skus(range(6))


def test_a_stop_forgets_what_was_read_ahead_and_the_next_run_takes_it(house: House) -> None:
    stop = threading.Event()

    def stop_after_one(_: int) -> None:
        stop.set()

    consumer = house.consumer(batch=2, transactions=_with(sql_transactions(house.engine), stop_after_one))
    consumer.run(stop=stop)
    assert (consumer.progress.events, house.clicks_of()) == (2, skus(range(2)))
    stop.clear()
    consumer.run()
    consumer.close()
    assert (consumer.progress.events, house.clicks_of()) == (6, skus(range(6)))


def _with(transactions: Transactions, inside: Callable[[int], None]) -> Transactions:
    opened = iter(range(100))

    @contextmanager
    def open_one() -> Iterator[Stores]:
        with transactions() as stores:
            inside(next(opened))
            yield stores

    return open_one
