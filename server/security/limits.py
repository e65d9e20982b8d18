"""A token bucket for each client. Knows names and times; what a call costs is always one.

A bucket holds `burst` calls and fills at `rate` a second, so in any t seconds a client gets burst + rate * t at most.
"""

from collections.abc import Callable
from dataclasses import dataclass

CLIENTS_MAX = 10_000
"""Remembered at once, or a caller with many addresses would fill the memory."""
ROUNDING = 1e-9
"""Of a call: who waits as long as it was told must not miss by the last bit of a float."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a client had left, and when."""

    left: float
    at: float


class Limits:
    """Not for several threads: the door asks in the event loop."""

    def __init__(
        self, *, rate: float, burst: int, monotonic: Callable[[], float], clients_max: int = CLIENTS_MAX
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._monotonic = monotonic
        self._clients_max = clients_max
        self._buckets: dict[str, Bucket] = {}
        # In the order of their last call: who is forgotten first has had the most time to fill again.

    def take(self, client: str) -> float:
        """0.0, and one call less is left; or the seconds until there will be one, and nothing is taken."""
        now = self._monotonic()
        before = self._buckets.pop(client, Bucket(self._burst, now))
        left = min(self._burst, before.left + (now - before.at) * self._rate)
        wait = 0.0 if left >= 1 - ROUNDING else (1 - left) / self._rate
        self._buckets[client] = Bucket(left if wait else left - 1, now)
        if len(self._buckets) > self._clients_max:
            del self._buckets[next(iter(self._buckets))]
        return wait

    def __len__(self) -> int:
        """Clients that are remembered."""
        return len(self._buckets)
