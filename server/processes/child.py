"""One number under the supervisor: the process that has it now, and when there will be another.

Knows processes and times; what the others do is the supervisor's affair.
"""

import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

SETTLED_SECONDS = 60.0
"""Who lasts this long started well; an end after that begins a count of its own."""
BACK_OFF_MAX_SECONDS = 30.0
SILENT_LOOKS_MAX = 250
"""25 seconds of looks in a row. Counted and not timed: when a frozen machine goes on, every entry is old."""

Launch = Callable[[int, int], "subprocess.Popen[bytes]"]
"""Starts the process of that number, restarted so many times. May raise OSError."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that is there no longer."""

    code: int
    asked: bool
    """Whether it was told to."""


class Child:
    """The supervisor looks at it some times a second."""

    def __init__(self, number: int, launch: Launch, *, back_off_seconds: float) -> None:
        """`back_off_seconds`: between the end of a process and the start of the next; doubled each time."""
        self.number = number
        self.restarts = 0
        self.failures = 0
        """In a row, none of which lasted."""
        self.due = inf
        """When to start it, while there is no process. inf: not yet decided."""
        self._launch = launch
        self._back_off_seconds = back_off_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._kill_at = inf
        self._asked = False
        self._silent_looks = 0

    @property
    def runs(self) -> bool:
        return self._process is not None

    @property
    def is_ending(self) -> bool:
        """Whether it runs and was told to end."""
        return self.runs and self._asked

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    def start(self, now: float) -> None:
        """Raises OSError when the machine has no room for another process."""
        self._process = self._launch(self.number, self.restarts)
        self._started, self._kill_at, self._asked, self._silent_looks = now, inf, False, 0

    def ask_to_end(self, now: float, *, patience_seconds: float) -> None:
        """It drains. `patience_seconds`: what is left of it after that is killed."""
        if self._process is not None and not self._asked:
            self._asked, self._kill_at = True, now + patience_seconds
            self._process.send_signal(signal.SIGTERM)

    def ended(self, now: float) -> Ended | None:
        """How it ended, told once; None: it runs, or there was none."""
        if self._process is None:
            return None
        code = self._process.poll()
        if code is None:
            if now >= self._kill_at:
                self._process.kill()
            return None
        self._process = None
        if self._asked:
            self.due = now
        else:
            self.failures = self.failures + 1 if now - self._started < SETTLED_SECONDS else 1
            self.restarts += 1
            self.due = now + min(self._back_off_seconds * 2.0 ** (self.failures - 1), BACK_OFF_MAX_SECONDS)
        return Ended(code, self._asked)

    def is_hung(self, *, silent: bool) -> bool:
        """Of each look. `silent`: it once told how it stands, and does so no longer."""
        self._silent_looks = self._silent_looks + 1 if silent and not self._asked else 0
        return self._silent_looks > SILENT_LOOKS_MAX

    def kill(self) -> None:
        """It counts as one that ended by itself."""
        if self._process is not None:
            self._process.kill()
