"""Intervals of few repeats are as wide as Student's t makes them."""

import math

import pytest

from trainer.ablation.interval import Interval


def test_three_values_have_the_interval_of_two_degrees_of_freedom() -> None:
    # mean 2, standard deviation 1: 4.303 * 1 / sqrt(3)
    assert Interval.of([1.0, 2.0, 3.0]).mean == 2.0
    assert Interval.of([1.0, 2.0, 3.0]).half == pytest.approx(4.303 / math.sqrt(3), rel=1e-4)


def test_a_single_value_says_nothing_of_its_spread() -> None:
    assert Interval.of([0.7]) == Interval(0.7, math.inf)


def test_intervals_are_apart_when_they_do_not_overlap() -> None:
    assert Interval(0.5, 0.1).apart_from(Interval(0.8, 0.1))
    assert not Interval(0.5, 0.2).apart_from(Interval(0.8, 0.2))
    assert not Interval(0.5, math.inf).apart_from(Interval(0.8, 0.0))
