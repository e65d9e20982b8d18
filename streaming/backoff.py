"""How long to wait before the next try: doubling, up to a limit, and never in step with other consumers."""

from collections.abc import Iterator
from random import Random

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 10.0
"""What a store that is back is at most kept waiting. Asking one that is away costs it nothing, and us little."""


def delays(random: Random) -> Iterator[float]:
    """Endless; each between half of its step and the whole of it."""
    step = FIRST_SECONDS
    while True:
        yield step * random.uniform(0.5, 1.0)
        step = min(LONGEST_SECONDS, step * 2)
