"""When the events of a replay are due."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.pace import TICK_SECONDS, Due, at_once, at_rate, at_speed, paced
from multigrain.events import Event
from tests.builders import a_click, an_upsert


@dataclass
class Clock:
    """Time that passes only by sleeping and working."""

    now: float = 100.0
    sleeps: int = 0

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.sleeps += 1


def went(events: list[Event], due: Due, clock: Clock, *, work: float = 0.0, stop_after: int = 10**9) -> list[float]:
    """After how many seconds each event went, if handling one takes `work` seconds."""
    times: list[float] = []
    began = clock.now
    replay = paced(events, due, clock=lambda: clock.now, sleep=clock.sleep, stopped=lambda: len(times) >= stop_after)
    for _ in replay:
        times.append(clock.now - began)
        clock.now += work
    return times


@given(st.integers(1, 300), st.floats(0.5, 5000))
def test_events_go_evenly_and_none_more_than_a_tick_early(count: int, rate: float) -> None:
    times = went([a_click()] * count, at_rate(rate), Clock())
    assert len(times) == count
    for number, time in enumerate(times):
        assert number / rate - TICK_SECONDS - 1e-6 <= time <= number / rate + 1e-6


def test_at_a_high_rate_one_sleep_serves_many() -> None:
    clock = Clock()
    went([a_click()] * 1000, at_rate(10_000), clock)
    assert clock.sleeps < 20


def test_who_is_late_catches_up() -> None:
    clock = Clock()
    # The first takes a second; the next four were due meanwhile, and the fifth is in time again.
    events, times = [a_click()] * 6, []
    for _ in paced(events, at_rate(4), clock=lambda: clock.now, sleep=clock.sleep, stopped=lambda: False):
        times.append(clock.now - 100.0)
        clock.now += 1.0 if len(times) == 1 else 0.0
    assert times == pytest.approx([0.0, 1.0, 1.0, 1.0, 1.0, 1.25])


def test_the_pace_of_users_is_kept_and_multiplied() -> None:
    clicks: list[Event] = [a_click(minutes_ago=ago) for ago in (10, 9, 4)]
    assert went(clicks, at_speed(60), Clock()) == pytest.approx([0.0, 1.0, 6.0])


def test_the_catalogue_goes_at_once_and_the_clock_begins_with_the_first_user() -> None:
    events: list[Event] = [an_upsert(), an_upsert(), a_click(minutes_ago=10), a_click(minutes_ago=9)]
    assert went(events, at_speed(30), Clock()) == pytest.approx([0.0, 0.0, 0.0, 2.0])


def test_without_a_pace_nobody_sleeps() -> None:
    clock = Clock()
    assert went([a_click()] * 50, at_once, clock) == [0.0] * 50
    assert clock.sleeps == 0


def test_a_stop_ends_it_between_two_events() -> None:
    assert len(went([a_click()] * 50, at_rate(10), Clock(), stop_after=7)) == 7
