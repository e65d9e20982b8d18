"""The token bucket, against what a bucket promises."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.security.limits import Limits


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def limits(clock: Clock, *, rate: float = 2, burst: int = 3, clients_max: int = 100) -> Limits:
    return Limits(rate=rate, burst=burst, monotonic=clock, clients_max=clients_max)


def test_a_quiet_client_gets_its_burst_and_then_the_time_to_wait() -> None:
    clock = Clock()
    asked = limits(clock)
    assert [asked.take("shop") for _ in range(4)] == [0, 0, 0, pytest.approx(1 / 2)]
    clock.now = 0.2
    assert asked.take("shop") == pytest.approx(1 / 2 - 0.2)
    clock.now = 0.5
    assert asked.take("shop") == 0
    assert asked.take("shop") > 0


def test_a_long_rest_fills_the_burst_and_no_more() -> None:
    clock = Clock()
    asked = limits(clock)
    asked.take("shop")
    clock.now = 3600
    assert [asked.take("shop") == 0 for _ in range(4)] == [True, True, True, False]


def test_one_client_takes_nothing_from_another() -> None:
    asked = limits(Clock(), burst=1)
    assert asked.take("shop") == 0
    assert asked.take("shop") > 0
    assert asked.take("lab") == 0


def test_no_more_clients_are_remembered_than_allowed_and_the_longest_quiet_goes_first() -> None:
    asked = limits(Clock(), burst=1, clients_max=2)
    for client in ("first", "second", "first", "third"):
        asked.take(client)
    assert len(asked) == 2
    assert asked.take("first") > 0
    assert asked.take("second") == 0


rates = st.fractions(Fraction(1, 10), 1000, max_denominator=100)
calls = st.lists(st.fractions(0, 5, max_denominator=1000), max_size=60)


@given(rate=rates, burst=st.integers(1, 20), gaps=calls)
def test_it_decides_as_a_bucket_of_exact_fractions(rate: Fraction, burst: int, gaps: list[Fraction]) -> None:
    clock = Clock()
    asked = limits(clock, rate=float(rate), burst=burst)
    left, now = Fraction(burst), Fraction(0)
    for gap in gaps:
        now += gap
        left = min(Fraction(burst), left + gap * rate)
        clock.now = float(now)
        took = asked.take("shop") == 0
        if abs(left - 1) > 1e-6:  # so near to a whole call, floats may decide either way
            assert took == (left >= 1)
        left -= took


@given(rate=st.floats(0.01, 1e4), burst=st.integers(1, 50), start=st.floats(0, 1e7))
def test_who_waits_as_long_as_told_is_let_in(rate: float, burst: int, start: float) -> None:
    clock = Clock()
    clock.now = start
    asked = limits(clock, rate=rate, burst=burst)
    while not (wait := asked.take("shop")):
        pass
    clock.now += wait + 1e-6  # the wire rounds up to a millisecond
    assert asked.take("shop") == 0
