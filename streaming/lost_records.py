"""Records that a log no longer has, and that were never read: said, and only skipped by consent.

A client that is left to itself goes on at the oldest record there is, without a word. A catalogue that has missed
changes looks like one that is up to date.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from multigrain.catalog.tables import stream_positions
from multigrain.database import writing
from multigrain.errors import Refused
from multigrain.telemetry import LOG_FIELDS, STREAM_LOST_RECORDS
from streaming.source import Partition

log = logging.getLogger(__name__)


class RecordsLost(Refused):
    """The log no longer has what is to be read next: going on would leave a hole that nobody sees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A partition whose stored position lies outside of what the log has."""

    partition: Partition
    stood: int
    """The next record to be read, as SQL has it."""
    first: int
    """The oldest record of the log."""
    end: int
    """Behind the newest record of the log."""

    @property
    def count(self) -> int | None:
        """How many records were lost. None: that cannot be known, because the topic was made anew."""
        return self.first - self.stood if self.stood < self.first else None

    def __str__(self) -> str:
        place = f"{self.partition.topic}[{self.partition.number}]"
        has = f"{place} stands at {self.stood:,}, and the log has {self.first:,} to {self.end:,}"
        if self.count is None:
            return f"{has}: the topic was made anew, or has lost its end; how much of it was never read is not known"
        return f"{has}: {self.count:,} records were deleted before they were read"


WhenLost = Callable[[Lost], None]
"""Raises RecordsLost; or sees to it that SQL lets the partition be read on from `first`."""


def find_lost(partition: Partition, stood: int | None, *, first: int, end: int) -> Lost | None:
    """None: nothing is lost. `stood` None: the partition has never been read, so what was deleted is not missed."""
    if stood is None or first <= stood <= end:
        return None
    return Lost(partition=partition, stood=stood, first=first, end=end)


def stop(lost: Lost) -> None:
    """Leaves it to a person."""
    raise RecordsLost(
        f'{lost}: bring in what is missing from where it came from, then set kafka.on_lost_records to "skip" to go on '
        f"at {lost.first:,}"
    )


class Skip:
    """Goes on at the oldest record there is, and says how many are missing."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def __call__(self, lost: Lost) -> None:
        log.error("records were lost and are skipped", extra={LOG_FIELDS: {"what": str(lost)}})
        STREAM_LOST_RECORDS.labels(lost.partition.topic).inc(lost.count or 0)
        if lost.count is None:
            self._forget(lost)

    def _forget(self, lost: Lost) -> None:
        # A position never goes back by itself: a log that begins anew begins without one.
        with writing(self._engine) as connection:
            connection.execute(
                sa.delete(stream_positions).where(
                    stream_positions.c.topic == lost.partition.topic,
                    stream_positions.c.partition == lost.partition.number,
                    stream_positions.c.next_offset == lost.stood,
                )
            )
