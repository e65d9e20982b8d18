"""The next batch is read while one is taken, by one thread at a time, and lost by nobody."""

import threading
from collections.abc import Iterator

import pytest

from multigrain.errors import LogUnavailable
from streaming.read_ahead import ReadAhead


def test_what_was_read_ahead_is_taken_once_and_in_order() -> None:
    numbers = iter(range(10))
    ahead = ReadAhead(lambda: next(numbers))

    assert ahead.take() is None
    ahead.begin()
    ahead.begin()
    assert (ahead.take(), ahead.take()) == (0, None)
    ahead.begin()
    assert ahead.take() == 1
    ahead.close()


def test_who_settles_waits_until_the_thread_has_left_what_it_reads() -> None:
    entered, leave, left = threading.Event(), threading.Event(), threading.Event()

    def read() -> str:
        entered.set()
        leave.wait(10)
        left.set()
        return "read"

    ahead = ReadAhead(read)
    ahead.begin()
    assert entered.wait(10)
    assert not left.is_set()
    threading.Timer(0.05, leave.set).start()
    ahead.settle()
    assert left.is_set()
    assert ahead.take() == "read"
    ahead.close()


def test_an_error_waits_for_who_takes() -> None:
    def read() -> str:
        raise LogUnavailable("the broker is down: start it")

    ahead = ReadAhead(read)
    ahead.begin()
    ahead.settle()
    with pytest.raises(LogUnavailable, match="the broker is down"):
        ahead.take()
    assert ahead.take() is None
    ahead.close()


def test_what_is_forgotten_is_never_taken(numbers: Iterator[int]) -> None:
    ahead = ReadAhead(lambda: next(numbers))

    assert ahead.forget() is False
    ahead.begin()
    assert ahead.forget() is True
    assert ahead.take() is None
    ahead.begin()
    assert ahead.take() == 1
    ahead.close()


@pytest.fixture
def numbers() -> Iterator[int]:
    return iter(range(10))
