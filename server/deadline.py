"""How long one request may still take, and how that is shared out. Knows no clock but the one it is given."""

import time
from collections.abc import Callable
from dataclasses import dataclass

REPLY_SHARE = 0.1
REPLY_SECONDS_MAX = 0.03
"""Kept back to put the answer together and send it: an answer that is ready too late is no answer."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """The moment at which the answer must be ready to be put together."""

    ends_at: float
    monotonic: Callable[[], float]

    @classmethod
    def after(cls, seconds: float, *, monotonic: Callable[[], float] = time.monotonic) -> "Deadline":
        """The deadline of a call that has `seconds` left."""
        return cls(monotonic() + seconds - min(REPLY_SHARE * seconds, REPLY_SECONDS_MAX), monotonic)

    def left(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.ends_at - self.monotonic())

    def share(self, part: float) -> float:
        """This part of the seconds left."""
        return part * self.left()
