"""A stop that comes while a batch is at any of its steps: the batch is taken whole or not at all, and never twice."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from streaming.app import sql_transactions
from streaming.consumer import Limits
from streaming.dead_letter import DeadLetter
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.encode import encode_binary
from streaming.handlers.handler import Stores, Transactions
from streaming.sources.memory import MemoryLog, MemorySource
from streaming.targets import Target
from tests.builders import a_click, an_item, an_upsert
from tests.flow.test_stream import House

STEPS = ("polling", "opening the transaction", "writing the index", "burying", "after the commit")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.mark.parametrize("step", STEPS)
def test_a_stop_at_any_step_finishes_the_batch_and_nothing_is_taken_twice(house: House, step: str) -> None:
    house.send(an_upsert(an_item(1)), a_click("sku-1"))
    house.send_bytes(b"\xff")
    stop = threading.Event()
    consumer = house.consumer(**_parts_that_stop(house, step, stop))
    first = consumer.run_forever(stop)
    # A batch that was read is taken: it would have to be read again otherwise.
    assert (first.batches, first.events, first.dead_letters) == (1, 2, 1)
    rest = house.stream(a_click("sku-2", minutes_ago=1)).progress
    assert (rest.events, rest.dead_letters) == (1, 0)
    assert house.clicks_of() == ["sku-1", "sku-2"]
    assert list(house.indexed()) == ["sku-1"]
    assert len(house.letters.letters) == 1


def test_a_stop_while_nothing_comes_ends_within_one_poll(house: House) -> None:
    stop = threading.Event()
    consumer = house.consumer(limits=Limits(batch_seconds=0.05))
    thread = threading.Thread(target=consumer.run_forever, args=(stop,))
    thread.start()
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_a_batch_is_no_larger_than_asked(house: House) -> None:
    house.send(*(a_click(f"sku-{number}", minutes_ago=50 - number) for number in range(10)))
    assert house.stream(batch=4).progress.batches == 3


def test_a_batch_that_does_not_fill_is_taken_when_its_time_is_over(house: House) -> None:
    log = MemoryLog({"multigrain.behavior": 1})
    source, encoded = MemorySource(log, lambda partitions: {}), encode_binary(a_click())
    log.append("multigrain.behavior", encoded.key, encoded.value, encoded.headers)
    late = threading.Timer(0.1, log.append, ("multigrain.behavior", encoded.key, encoded.value, encoded.headers))
    late.start()
    # Not what is there at once, and not for ever: what comes within its time.
    assert len(source.poll(3, 0.6)) == 2
    late.join()


def _parts_that_stop(house: House, step: str, stop: threading.Event) -> dict[str, Any]:  # Any: parts of `assemble`
    def here(name: str) -> None:
        if name == step:
            stop.set()

    return {
        "open_source": lambda start: _Source(house.log, start, lambda: here("polling")),
        "transactions": _transactions(sql_transactions(house.engine), here),
        "targets": lambda: _targets(house, here),
        "dead_letters": _Letters(house.letters, lambda: here("burying")),
    }


class _Source(MemorySource):
    def __init__(self, log: MemoryLog, start: Any, polled: Callable[[], None]) -> None:  # Any: a Start
        super().__init__(log, start)
        self._polled = polled

    def poll(self, max_records: int, timeout_seconds: float, *, ahead: bool = False) -> list[Any]:  # Any: records
        records = super().poll(max_records, timeout_seconds, ahead=ahead)
        self._polled()
        return records


class _Letters(MemoryDeadLetters):
    def __init__(self, kept: MemoryDeadLetters, sending: Callable[[], None]) -> None:
        super().__init__()
        self.letters = kept.letters
        self._sending = sending

    def send(self, letters: Sequence[DeadLetter]) -> None:
        self._sending()
        super().send(letters)


def _targets(house: House, here: Callable[[str], None]) -> list[Target]:
    here("writing the index")
    return house.targets()


def _transactions(transactions: Transactions, here: Callable[[str], None]) -> Transactions:
    @contextmanager
    def open_one() -> Iterator[Stores]:
        here("opening the transaction")
        with transactions() as stores:
            yield stores
        here("after the commit")

    return open_one
