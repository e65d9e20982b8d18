"""Measured numbers."""

import pytest

from multigrain.figures import Figure


def test_repeated_measurements_give_their_median_and_spread() -> None:
    figure = Figure.of("latency", [3.0, 1.0, 2.0], "ms")
    assert (figure.value, figure.spread) == (2.0, (1.0, 3.0))


@pytest.mark.parametrize(("value", "at_most", "holds"), [(5.0, True, True), (6.0, True, False), (6.0, False, True)])
def test_target_is_a_ceiling_for_times_and_a_floor_for_rates(value: float, at_most: bool, holds: bool) -> None:
    assert Figure(name="f", value=value, unit="x", target=5.5, at_most=at_most).holds is holds


def test_missed_target_is_shown_as_missed() -> None:
    row = Figure(name="f", value=9.0, unit="ms", target=5.0, limit=4.5, limit_name="bare call").as_json()
    assert row["holds"] is False
    assert row["ratio"] == 9.0 / 4.5


def test_without_a_target_nothing_is_claimed() -> None:
    assert Figure(name="f", value=9.0, unit="ms").as_json() == {"name": "f", "value": 9.0, "unit": "ms"}
