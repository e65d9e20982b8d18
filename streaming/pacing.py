"""Writes to the indexes slow down when Milvus falls behind: a short wait before a batch, and fewer rows at once.

Sustained upserts starve its compaction; memory grows, searches get late, and at last it refuses. It shows before that
in the time that writes take. So each acknowledged write is held against what one usually takes; beyond three times that
the stream waits before its next batch, the longer the slower it is. A refusal halves the rows of a write.

The wait is before a batch's transaction, so nobody else waits for it. It is LONGEST_WAIT_SECONDS at most, and never
longer than what the stream has worked since the last one: behaviour events in the same batches are late by that much,
and the stream keeps half of its speed, whatever Milvus does.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from multigrain.errors import IndexUnavailable
from multigrain.telemetry import LOG_FIELDS, STREAM_INDEX_WAIT

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 1.0
FIRST_WAIT_SECONDS = 0.1
"""After a refusal; the next one doubles it."""
MOST_ROWS, FEWEST_ROWS = 5_000, 250
SLOW, CALM = 3.0, 2.0
"""Times the usual: where it begins, and where it ends. Apart, so that it does not flicker between the two."""
NEVER_SLOW_SECONDS = 0.5
"""Writes that take less are no sign of anything."""
FIXED_ROWS = 1_000
"""What a write costs before its first row, in rows: most of it is the fence's strong read."""

NEWEST_WEIGHT = 0.15
FALLING_WEIGHT, RISING_WEIGHT, SLOW_RISING_WEIGHT = 0.1, 0.001, 0.0001
"""Of the newest write in what is usual. Low, for good moments are what it can do; while it is slow it hardly moves."""
RELIEF = 0.9
GROWTH = 1.1


class Pace:
    """How quickly to write. For one thread."""

    def __init__(
        self, wait: Callable[[float], object] = time.sleep, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`wait` may return early when a stop is asked for."""
        self._wait, self._clock = wait, clock
        self._usual = 0.0
        """Seconds a row; 0: nothing was written yet."""
        self._newest = 0.0
        self._seconds = 0.0
        """Of a write, smoothed as `newest`."""
        self._penalty = 0.0
        """Seconds to wait for what was refused."""
        self._rows_at_once = float(MOST_ROWS)
        self._slow = False
        self._was_refused = False
        """The newest write. Whoever takes the batch again has waited before that."""
        self._worked_since = clock() - LONGEST_WAIT_SECONDS

    @property
    def rows_at_once(self) -> int:
        """The most rows of one write."""
        return int(self._rows_at_once)

    @property
    def wait_seconds(self) -> float:
        """What is waited before the next batch; less where the stream has worked for less than that."""
        late = 0.5 * self._seconds * (self._pressure - CALM) if self._slow else 0.0
        return min(LONGEST_WAIT_SECONDS, max(late, self._penalty))

    def before_a_batch(self) -> None:
        """Waits, if the writes before this one say so."""
        seconds = 0.0 if self._was_refused else min(self.wait_seconds, self._clock() - self._worked_since)
        STREAM_INDEX_WAIT.set(seconds)
        if seconds > 0:
            self._wait(seconds)
        self._worked_since = self._clock()

    @contextmanager
    def writing(self, rows: int) -> Iterator[None]:
        """Around one write of so many rows."""
        started = self._clock()
        try:
            yield
        except IndexUnavailable:
            self.refused()
            raise
        self.acknowledged(rows, self._clock() - started)

    def acknowledged(self, rows: int, seconds: float) -> None:
        """So many rows were written in that time."""
        self._was_refused = False
        cost = seconds / (FIXED_ROWS + rows)
        if not self._usual:
            self._usual = self._newest = cost
            self._seconds = seconds
        rising = SLOW_RISING_WEIGHT if self._slow else RISING_WEIGHT
        self._usual += (FALLING_WEIGHT if cost < self._usual else rising) * (cost - self._usual)
        self._newest += NEWEST_WEIGHT * (cost - self._newest)
        self._seconds += NEWEST_WEIGHT * (seconds - self._seconds)
        self._penalty = self._penalty * RELIEF if self._penalty > FIRST_WAIT_SECONDS / 10 else 0.0
        self._rows_at_once = min(float(MOST_ROWS), self._rows_at_once * GROWTH)
        self._judge()

    def refused(self) -> None:
        """A write was refused, or not acknowledged in time."""
        self._was_refused = True
        self._penalty = min(LONGEST_WAIT_SECONDS, max(FIRST_WAIT_SECONDS, 2 * self._penalty))
        self._rows_at_once = max(float(FEWEST_ROWS), self._rows_at_once / 2)
        self._judge()

    @property
    def _pressure(self) -> float:
        return self._newest / self._usual if self._usual else 1.0

    def _judge(self) -> None:
        is_late = self._pressure > (CALM if self._slow else SLOW) and self._seconds > NEVER_SLOW_SECONDS
        slow = is_late or self._penalty > 0
        if slow != self._slow:
            self._slow = slow
            said = {"write_seconds": round(self._seconds, 2), "times_the_usual": round(self._pressure, 1)}
            if slow:
                log.warning("the index falls behind: writing more slowly", extra={LOG_FIELDS: said})
            else:
                log.info("the index keeps up again", extra={LOG_FIELDS: said})
