"""The shape of a source: where records come from, in order within a partition. Knows nothing of what they mean."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """One ordered run of records. A file is one partition."""

    topic: str
    number: int = 0


Positions = Mapping[Partition, int]
"""The next record to read, by partition."""

Start = Callable[[Collection[Partition]], Positions]
"""Asked whenever partitions are taken up: where to read on. What it leaves out is read from its beginning."""


class Record(NamedTuple):
    """What was written to a log, as bytes."""

    partition: Partition
    position: int
    key: bytes | None
    """None: the sender gave none."""
    value: bytes | None
    """None: a tombstone of a compacted topic."""
    headers: Headers = ()

    def header(self, name: str) -> bytes | None:
        """The newest header of this name; None: there is none."""
        for key, value in reversed(self.headers):
            if key == name:
                return value
        return None


class Source(Protocol):
    """One contract suite, tests/unit/streaming/source_suite.py, runs over every implementation.

    Not safe for threads: the consumer lets one of its two use it at a time. Any method may raise LogUnavailable.
    """

    def poll(self, max_records: int, timeout_seconds: float, *, ahead: bool = False) -> list[Record]:
        """Up to `max_records`; waits until it has that many or the time is over, and is empty when nothing came.

        Takes up partitions when it must: then it asks `Start` for positions, and raises what that raises, having
        lost nothing: the next poll asks again. While paused it returns nothing, but stays a member of its group.

        `ahead`: what the last poll returned is still being taken, so `Start` could not say where to read on. It is
        not asked: if it had to be, nothing is returned, and the next poll asks it.
        """
        ...

    def pause(self) -> None:
        """Until `resume`, polls return nothing: a batch is being retried, and the group must not think we are dead."""
        ...

    def resume(self) -> None: ...

    def rewind(self) -> None:
        """Forgets what was read ahead: the next poll asks `Start` again for every partition held."""
        ...

    def acknowledge(self, positions: Positions) -> None:
        """Tells tools that watch lag how far we are. Best effort: the truth is in SQL."""
        ...

    def lag(self) -> Positions:
        """Records not yet acknowledged, by partition, as far as known without asking anybody."""
        ...

    def at_end(self) -> bool:
        """Whether everything written so far has been read. May block."""
        ...

    def close(self) -> None: ...
