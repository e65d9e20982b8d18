"""A server of ours as a local process: the shape that `milvus.py`, `kafka.py` and `postgres.py` fill.

What it promises: loopback ports that nobody else was using; data in the given folder, which survives `kill` and
`restart` on the same ports; a session and process group of its own; no return from `start` before the server answers;
and an error that ends with the tail of the server's own log if it never does.
"""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from tests.services.cache import shown
from tests.services.keeper import Keeper
from tests.services.ports import Claim, claim
from tests.services.process import Identity
from tests.services.unavailable import DidNotStart

START_SECONDS = 120
START_ATTEMPTS = 3
LOG_TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class Command:
    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)  # added to ours
    user: str | None = None  # None: whoever we are


class LocalServer(ABC):
    name: ClassVar[str]
    port_count: ClassVar[int]
    gentle_signal: ClassVar[signal.Signals] = signal.SIGTERM
    grace_seconds: ClassVar[float] = 10

    def __init__(
        self,
        folder: Path,
        log: Path,
        *,
        prefer_ports: Sequence[int] = (),
        keeper: Keeper | None = None,  # None: the server outlives this process
    ) -> None:
        self.folder = folder
        self.log = log
        self._prefer_ports = prefer_ports
        self._keeper = keeper
        self._claim: Claim | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.identity: Identity | None = None  # None: not running

    @property
    @abstractmethod
    def address(self) -> str:
        """What a client connects to."""

    @property
    @abstractmethod
    def version(self) -> str:
        """Which release runs."""

    @abstractmethod
    def prepare(self) -> Command:
        """Gets the software, writes the configuration for `self.ports` and says what to run.

        Called before every start, so it must keep data that is already there. Raises CannotProvide.
        """

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client is served now. Called while the server starts: every failure to connect is a False."""

    @staticmethod
    def litter(pid: int) -> list[Path]:
        """Files outside its folder that the program leaves behind, whatever it is told."""
        return []

    @property
    def ports(self) -> tuple[int, ...]:
        if self._claim is None:
            raise RuntimeError(f"{self.name} has no ports before start() and after stop(): call start()")
        return self._claim.ports

    def start(self) -> None:
        """Raises CannotProvide if the software is missing or never answers."""
        for attempt in range(1, START_ATTEMPTS + 1):
            self._claim = claim(self.port_count, prefer=self._prefer_ports)
            try:
                self._run()
            except BaseException as failure:
                self._claim.release()
                # Somebody else bound one of the ports after we had looked: take others.
                if attempt < START_ATTEMPTS and isinstance(failure, DidNotStart) and _is_port_clash(self.log):
                    continue
                raise
            return

    def stop(self) -> None:
        """Ends the server; a second call does nothing. Its data stays where it is."""
        if self.identity:
            self.identity.end(self.gentle_signal, self.grace_seconds)
        self._collect()
        if self._claim:
            self._claim.release()
            self._claim = None

    def kill(self) -> None:
        """SIGKILL: no flush, no goodbye. The ports stay claimed, so that `restart` gets them again."""
        if self.identity:
            self.identity.kill()
        self._collect()

    def restart(self) -> None:
        """Starts the server again on its ports and its data, ending it first if it still runs."""
        if self.identity:
            self.identity.end(self.gentle_signal, self.grace_seconds)
        self._collect()
        self._run()

    def _run(self) -> None:
        command = self.prepare()
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command.words,
                cwd=self.folder,
                env={**os.environ, **command.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=command.user,
                group=command.user,
                extra_groups=None if command.user is None else [],
                start_new_session=True,
            )
        try:
            self.identity = Identity.of(self._process.pid)
            if self.identity and self._keeper:
                self._keeper.watch(self.identity)
            self._wait_for_answer(self._process, began)
        except BaseException:
            self.kill()
            raise

    def _wait_for_answer(self, process: subprocess.Popen[bytes], began: float) -> None:
        while True:
            answered = self.answers()
            seconds = time.monotonic() - began
            # Looked at after the answer: it would be somebody else's if our process has ended meanwhile.
            if process.poll() is not None:
                raise self._did_not_start(f"ended with status {process.returncode} after {seconds:.1f} s")
            if answered:
                return
            if seconds > START_SECONDS:
                raise self._did_not_start(f"did not answer at {self.address} within {START_SECONDS} s")
            time.sleep(0.05)

    def _did_not_start(self, what: str) -> DidNotStart:
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
        return DidNotStart(
            f"{self.name} {self.version} {what}. The end of its log:\n{tail}",
            cure=f"read {shown(self.log)}, or give the address of a server that runs",
        )

    def _collect(self) -> None:
        if self._process:
            self._process.wait()
            for file in self.litter(self._process.pid):
                file.unlink(missing_ok=True)
        self._process = None
        self.identity = None


def _is_port_clash(log: Path) -> bool:
    text = log.read_text(errors="replace").lower()
    return "address already in use" in text or "could not bind" in text
