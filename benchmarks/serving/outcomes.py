"""What became of requests, as columns, and what is made of them. Pure."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from benchmarks.serving.arrivals import Seconds

ON_TIME_SECONDS = 0.005
"""A request sent later than this after it was due was sent late."""
KEPT_SHARE = 0.99
"""Of requests that must be sent on time, or the rate was not the one that was meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Of n requests, in the order in which they were due. Times are seconds from the start of the load."""

    due: Seconds
    sent: Seconds
    done: Seconds
    errors: tuple[str, ...]
    """Status of each; '' for those that were answered."""
    replies: tuple[bytes, ...] = ()
    """A sample of the answers, to be looked at when nobody is waiting."""

    def __len__(self) -> int:
        return len(self.due)

    @property
    def milliseconds(self) -> Seconds:
        """Of each request, answered or not, from when it was DUE. From when it was sent, a server that stands still
        for a second would look as if it had kept one caller waiting, and not all those who came meanwhile.
        """
        return (self.done - self.due) * 1e3

    @property
    def on_time(self) -> float:
        """The share that was sent when it was due."""
        return float(np.mean(self.sent - self.due <= ON_TIME_SECONDS))

    @property
    def failed(self) -> dict[str, int]:
        """Status -> how many."""
        return dict(Counter(error for error in self.errors if error))

    def percentile(self, share: float) -> float:
        """Milliseconds within which so many in a hundred were answered."""
        return float(np.percentile(self.milliseconds, share))

    def between(self, start: float, end: float) -> "Outcomes":
        """Those that were due from `start` on and before `end`."""
        rows = np.flatnonzero((self.due >= start) & (self.due < end))
        errors = tuple(self.errors[row] for row in rows)
        return Outcomes(due=self.due[rows], sent=self.sent[rows], done=self.done[rows], errors=errors)
