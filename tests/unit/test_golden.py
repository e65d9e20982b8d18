"""How far a vector may be from its golden one: rounding grows with the vector, and a real fault does more."""

import numpy as np
import pytest

from multigrain.golden import TOLERANCE, furthest


@pytest.mark.parametrize("length", [1e-3, 1.0, 30.0, 2_000.0])
def test_rounding_of_a_vector_of_any_length_is_allowed(length: float) -> None:
    exact = np.random.default_rng(0).normal(size=(8, 64)) * length / 8
    rounded = exact.astype(np.float32)
    _, apart = furthest(rounded, np.nextafter(np.nextafter(rounded, np.float32(np.inf)), np.float32(np.inf)))
    assert 0 < apart < TOLERANCE


@pytest.mark.parametrize("length", [1.0, 2_000.0])
def test_a_fault_of_one_in_ten_thousand_is_found_with_its_row(length: float) -> None:
    expected = np.full((5, 4), length, np.float32)
    computed = expected.copy()
    computed[3, 2] *= 1.0001
    row, apart = furthest(expected, computed)
    assert row == 3
    assert apart > TOLERANCE


def test_a_vector_that_is_no_number_is_infinitely_far() -> None:
    row, apart = furthest(np.zeros((2, 3), np.float32), np.array([[0, 0, 0], [0, np.nan, 0]], np.float32))
    assert (row, apart) == (1, np.inf)
