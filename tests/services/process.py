"""Processes by pid: told apart from later ones with the same number, ended with all that they started."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

POLL_SECONDS = 0.02
HAS_PROC = Path("/proc/self/stat").exists()


@dataclass(frozen=True, slots=True)
class Identity:
    """A pid and when its process started. Numbers are used again; the pair is not."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """None: no such process, or only its remains, which nobody has collected yet."""
        state = _state(pid)
        return cls(pid, state.started) if state and not state.is_zombie else None

    def is_alive(self) -> bool:
        return Identity.of(self.pid) == self

    def send(self, number: signal.Signals) -> None:
        """Sends the signal if this very process still runs."""
        if self.is_alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def wait(self, seconds: float) -> bool:
        """Whether the process is gone after at most this long."""
        deadline = time.monotonic() + seconds
        while self.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def end(self, gentle: signal.Signals, grace_seconds: float) -> None:
        """Asks it to end and, after the grace period, kills it with its descendants."""
        self.send(gentle)
        if not self.wait(grace_seconds):
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the process and its descendants; returns when all of them are gone."""
        if not self.is_alive():
            return
        # PostgreSQL's children are each in a session of their own: killing the group would miss them.
        family = [self, *_descendants(self.pid)]
        for member in family:
            member.send(signal.SIGKILL)
        for member in family:
            if not member.wait(10):
                raise TimeoutError(f"process {member.pid} is still there 10 s after SIGKILL: see `ps -fp {member.pid}`")


@dataclass(frozen=True, slots=True)
class _State:
    parent: int
    started: str
    is_zombie: bool


def _descendants(pid: int) -> list[Identity]:
    children: dict[int, list[Identity]] = {}
    for other in _pids():
        if state := _state(other):
            children.setdefault(state.parent, []).append(Identity(other, state.started))
    found: list[Identity] = []
    to_visit = [pid]
    while to_visit:
        for child in children.get(to_visit.pop(), []):
            found.append(child)
            to_visit.append(child.pid)
    return found


def _pids() -> list[int]:
    if HAS_PROC:
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [int(word) for word in _ps("-axo", "pid=").split()]


def _state(pid: int) -> _State | None:
    return _state_from_proc(pid) if HAS_PROC else _state_from_ps(pid)


def _state_from_proc(pid: int) -> _State | None:
    try:
        line = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The program's name, in brackets, may hold blanks and brackets: count from its end. See proc(5).
    fields = line[line.rindex(")") + 2 :].split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return _State(parent=int(fields[1]), started=f"{boot} {fields[19]}", is_zombie=fields[0] in "ZX")


def _state_from_ps(pid: int) -> _State | None:
    words = _ps("-o", "ppid=,state=,lstart=", "-p", str(pid)).split()
    if not words:
        return None
    return _State(parent=int(words[0]), started=" ".join(words[2:]), is_zombie=words[1].startswith("Z"))


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout
