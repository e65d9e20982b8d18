"""When requests are due, in seconds from the start. Nobody waits for the one before: that is what makes a loop open."""

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]


def evenly(rate: float, seconds: float) -> Seconds:
    """One every 1 / rate."""
    return np.arange(int(rate * seconds), dtype=np.float64) / rate


def at_random(rate: float, seconds: float, rng: np.random.Generator) -> Seconds:
    """As many as on average come in that time, each at a time of its own: a Poisson process, as many strangers make."""
    return np.sort(rng.uniform(0, seconds, int(rate * seconds)))
