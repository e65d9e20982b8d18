"""Notices partitions that no longer move, and says what to do about them. Knows neither a broker nor a clock.

No client of Kafka has been free of stalls: a poll comes back empty, and the next, without an error, while the log
grows. Each remedy is harder than the one before; the last is to end the process, so that its supervisor starts
another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from multigrain.errors import Refused
from streaming.source import Partition


class PartitionStalled(Refused):
    """Nothing that this process can do makes the partition move again."""


class Remedy(IntEnum):
    """In the order in which they are tried."""

    REWIND = 1
    """Forget what was read ahead, and read again from the stored position."""
    REJOIN = 2
    """Close the client; another joins the group."""
    END = 3
    """End the process."""


class Sight(NamedTuple):
    """A partition as it was seen: the next record to be read, and where the log ends."""

    position: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A partition that has records for us, and gives none."""

    partition: Partition
    sight: Sight
    remedy: Remedy
    """What is due now."""

    def __str__(self) -> str:
        place = f"{self.partition.topic}[{self.partition.number}]"
        return f"{place} stands at {self.sight.position:,}, and the log reaches to {self.sight.end:,}"


class _Standing(NamedTuple):
    furthest: int
    seconds: float
    tried: int


class Watchdog:
    """Shown, again and again, how far each partition has been read. Remembers those that stand still."""

    def __init__(self, stall_seconds: float, *, group_seconds: float) -> None:
        """`group_seconds`: how long a group may take to say what is whose. It waits for a member that died without a
        word until that member's session has run out; joining anew before then would only begin the wait again.
        """
        self._stall_seconds = stall_seconds
        self._group_seconds = group_seconds
        self._standing: dict[Partition, _Standing] = {}
        self._unsettled_seconds = 0.0

    def look_at_group(self, settled: bool, waited_seconds: float) -> bool:
        """Whether to join anew: a client can lose its way between two rebalances, and then has no partitions to watch.

        `settled`: whether the group has told us what is ours.
        """
        self._unsettled_seconds = 0.0 if settled else self._unsettled_seconds + waited_seconds
        due = self._unsettled_seconds >= self._group_seconds
        if due:
            self._unsettled_seconds = 0.0
        return due

    def look(self, sights: Mapping[Partition, Sight], waited_seconds: float) -> Stall | None:
        """The stall that needs the hardest remedy; None: all is well.

        `waited_seconds`: how long, since the last look, polls have waited for records and got fewer than they asked
        for. Other time does not count: a partition stands still with reason while a batch is written, while a store
        is down, and while other partitions fill every batch.
        """
        found = [self._see(partition, sight, waited_seconds) for partition, sight in sights.items()]
        return max((stall for stall in found if stall), key=lambda stall: stall.remedy, default=None)

    def _see(self, partition: Partition, sight: Sight, waited_seconds: float) -> Stall | None:
        before = self._standing.pop(partition, None)
        if sight.position >= sight.end:
            return None
        # What is read once more after a rewind is no progress: only what lies beyond is.
        if before is None or sight.position > before.furthest:
            self._standing[partition] = _Standing(sight.position, 0.0, 0)
            return None
        seconds = before.seconds + waited_seconds
        if seconds < self._stall_seconds:
            self._standing[partition] = before._replace(seconds=seconds)
            return None
        remedy = Remedy(min(before.tried + 1, Remedy.END))
        self._standing[partition] = _Standing(before.furthest, 0.0, remedy)
        return Stall(partition=partition, sight=sight, remedy=remedy)
