"""The arrays of the simulation, and how a popularity falls. Numbers stand for names: 32 bits are enough for all."""

import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

NONE = -1
"""In an array of brands, colours or features: any will do."""


def zipf(count: int, power: float, rng: Rng) -> Floats:
    """Shares that fall like 1 / rank^power, handed out in random order."""
    shares = 1.0 / np.arange(1, count + 1) ** power
    rng.shuffle(shares)
    return np.asarray(shares / shares.sum(), np.float64)


def draw(shares: Floats, at: Floats) -> Ints:
    """Positions drawn from `shares` (sum 1) by uniform numbers `at`."""
    places = np.searchsorted(np.cumsum(shares), at, side="right")
    return np.minimum(places, len(shares) - 1).astype(np.int32)


def draw_by_row(cumulative: NDArray[np.float32], rows: Ints, at: Floats) -> Ints:
    """For each of `rows` a column, drawn from that row of the running sums `cumulative` [n, columns]."""
    columns = cumulative.shape[1]
    places = (cumulative[rows] <= at[:, None]).sum(axis=1)
    return np.asarray(np.minimum(places, columns - 1), np.int32)
