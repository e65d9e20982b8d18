"""How a long step says where it is. Whoever starts it decides what becomes of that: a bar, a log line, nothing."""

from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]
"""Seconds that only grow, such as time.monotonic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One report."""

    step: str
    """What is being done: 'train', 'encode', 'canary' ..."""
    done: int
    total: int
    per_second: float
    """Examples, items or queries a second since the step began; 0: not known yet."""
    seconds_left: float | None = None
    """None: not known yet."""
    loss: float | None = None
    """None: this step has none."""
    recall: float | None = None
    """Of the held-out examples, when it was last measured. None: not yet, or this step has none."""


Reporter = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """A reporter that says nothing."""


class Meter:
    """Turns 'so many are done' into reports with speed and time left.

    `already`: done by an earlier process, so no part of this one's speed.
    """

    def __init__(self, step: str, total: int, *, reporter: Reporter, clock: Clock, already: int = 0) -> None:
        self._step, self._total, self._reporter, self._clock = step, total, reporter, clock
        self._start, self._already = clock(), already

    def report(self, done: int, *, loss: float | None = None, recall: float | None = None) -> Progress:
        """Tells the reporter, and whoever asks."""
        passed = self._clock() - self._start
        speed = (done - self._already) / passed if passed > 0 else 0.0
        said = Progress(
            step=self._step,
            done=done,
            total=self._total,
            per_second=speed,
            seconds_left=(self._total - done) / speed if speed > 0 else None,
            loss=loss,
            recall=recall,
        )
        self._reporter(said)
        return said
