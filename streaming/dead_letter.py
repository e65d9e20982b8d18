"""The shape of a place for records that could not be taken, and the limit on how many of them in a row we accept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from multigrain.errors import InvalidEvent, TooManyDeadLetters
from streaming.source import Record

DEAD_SUFFIX = ".dead"
"""Added to a topic's or file's name."""
REASON_CHARS_MAX = 1000


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


def check_run(run: int, reasons: Iterable[str | None], limit: int) -> int:
    """How many records in a row are bad after these, `run` of them before; None: a good one. Raises at the limit.

    One bad record is its sender's fault. A hundred in a row say that the sender, or our decoder, is broken, and going
    on would empty the topic into the dead letters.
    """
    for reason in reasons:
        run = run + 1 if reason else 0
        if run >= limit:
            raise TooManyDeadLetters(
                f"{run} records in a row could not be taken, the last because {reason}: mend the sender, upgrade this "
                f"program, or raise kafka.dead_letter_run (is {limit}) to let them go"
            )
    return run
