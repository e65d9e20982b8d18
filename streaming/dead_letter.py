"""The shape of a place for records that could not be taken, and the limit on how many of them we accept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from multigrain.errors import InvalidEvent, TooManyDeadLetters
from streaming.source import Record

DEAD_SUFFIX = ".dead"
"""Added to a topic's or file's name."""
REASON_CHARS_MAX = 1000
RATIO_OVER = 1000
"""The ratio of bad records is that of so many, the newest."""
RATIO_FROM = 200
"""With fewer records seen, a ratio says nothing."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record with what is wrong with it."""

    record: Record
    error: InvalidEvent

    @property
    def reason(self) -> str:
        """As text that can be written anywhere: it may quote what was sent."""
        return str(self.error)[:REASON_CHARS_MAX].encode("utf-8", "backslashreplace").decode("utf-8")


class DeadLetters(Protocol):
    """One contract suite, tests/unit/streaming/dead_letters_suite.py, runs over every implementation.

    A record may arrive twice: it is sent before its position is recorded, and a crash lies between the two.
    """

    def send(self, letters: Sequence[DeadLetter]) -> None:
        """Returns when all of them are kept for good. Raises LogUnavailable when they cannot be kept."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Limit:
    """How many bad records are accepted. Both are explained in KafkaSettings."""

    run: int = 100
    ratio: float = 0.2


@dataclass(frozen=True, slots=True)
class Health:
    """How good the newest records were."""

    run: int = 0
    """So many in a row were bad."""
    newest: tuple[bool, ...] = ()
    """The last RATIO_OVER of them, oldest first: whether each was bad."""

    def after(self, reasons: Iterable[str | None], limit: Limit) -> "Health":
        """With these records; None: a good one. Raises TooManyDeadLetters at the limit.

        One bad record is its sender's fault. A hundred in a row, or a fifth of all, say that the sender, or our
        decoder, is broken: going on would empty the topic into the dead letters.
        """
        run, bad, last = self.run, [], ""
        for reason in reasons:
            run = run + 1 if reason else 0
            last = reason or last
            bad.append(reason is not None)
            if run >= limit.run:
                raise _too_many(f"{run:,} records in a row", last, f"kafka.dead_letter_run (is {limit.run:,})")
        newest = (*self.newest, *bad)[-RATIO_OVER:]
        if len(newest) >= RATIO_FROM and last and sum(newest) > limit.ratio * len(newest):
            share = f"{sum(newest):,} of the last {len(newest):,} records"
            raise _too_many(share, last, f"kafka.dead_letter_ratio (is {limit.ratio:g})")
        return Health(run, newest)


def _too_many(which: str, reason: str, setting: str) -> TooManyDeadLetters:
    return TooManyDeadLetters(
        f"{which} could not be taken, the last because {reason}: mend the sender, upgrade this program, or raise "
        f"{setting} to let them go"
    )
