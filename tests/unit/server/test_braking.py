import sys
import time

import pytest

from server.generations.braking import braked


def small_calls(count: int) -> int:
    return sum(len(str(number)) for number in map(int, range(count)))


def test_a_braked_thread_takes_its_share_of_a_core_and_no_more() -> None:
    with braked(0.25, is_busy=lambda: False):
        began, worked = time.monotonic(), time.thread_time()
        while time.monotonic() < began + 0.5:
            small_calls(200)
        worked = time.thread_time() - worked
    # It may have been given less on a busy machine.
    assert worked < 0.35 * 0.5


def test_while_others_are_busy_it_takes_less_and_still_comes_on() -> None:
    with braked(0.9, is_busy=lambda: True):
        began, worked = time.monotonic(), time.thread_time()
        while time.monotonic() < began + 0.5:
            small_calls(200)
        worked = time.thread_time() - worked
    # 2 ms of work, then 20 of rest; a little more where single calls are longer.
    assert 0 < worked < 0.25 * 0.5


def test_what_is_computed_stays_the_same() -> None:
    with braked(0.5, is_busy=lambda: False):
        assert small_calls(1000) == 2890


def test_the_brake_is_let_go_whatever_happens() -> None:
    before = sys.getprofile()
    with pytest.raises(ZeroDivisionError), braked(0.5, is_busy=lambda: True):
        _ = 1 // 0
    assert sys.getprofile() is before
