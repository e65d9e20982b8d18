"""How a process is started, and what all of them inherit: the board, the memory of the columns, and the lifeline."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from multigrain.catalog.memory import SharedMemory
from server.processes.board import Board
from server.processes.seat import Seat
from server.processes.shared_port import SharedPort

COMMAND = (sys.executable, "-P", "-m", "server.processes")
"""-P: a folder named `server` in the working directory is not ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the supervisor keeps up."""

    processes: int
    drain_seconds: float
    environment: Mapping[str, str]
    """Of the processes: they read their settings from it."""
    titles: str
    """Folder for the titles of the catalogue."""
    metrics: str | None = None
    """Folder into which they count. None: metrics are not served."""
    command: Sequence[str] = COMMAND
    """What starts one; its seat is added as the last argument."""
    back_off_seconds: float = 0.5
    """As in Child."""


class Launcher:
    """Holds what is inherited until it is closed; its end, however it comes, is the end of the lifeline."""

    def __init__(self, plan: Plan, port: SharedPort) -> None:
        self._plan = plan
        self._port = port
        self.board = Board.create(plan.processes)
        self._columns = SharedMemory.create()
        self._lifeline, self._alive = os.pipe()

    def launch(self, number: int, restarts: int) -> "subprocess.Popen[bytes]":
        seat = Seat(
            number=number,
            processes=self._plan.processes,
            host=self._port.host,
            port=self._port.port,
            restarts=restarts,
            opens_at_once=self._is_first(number),
            board=self.board.descriptor,
            lifeline=self._lifeline,
            columns=self._columns.fd,
            titles=self._plan.titles,
            metrics=self._plan.metrics,
        )
        return subprocess.Popen(
            [*self._plan.command, seat.to_argument()],
            env=dict(self._plan.environment),
            pass_fds=(seat.board, seat.lifeline, seat.columns),
            # A terminal's SIGINT goes to us alone; we ask them to end.
            process_group=0,
        )

    def _is_first(self, number: int) -> bool:
        """Whether nobody else listens: a caller is then told at least that there is no answer yet.

        With others there, the kernel would give it connections, and it would refuse what they could answer.
        """
        entries = self.board.all(time.monotonic())
        return number == 1 and not any(entry.listening for entry in entries)

    def close(self) -> None:
        """When no process is there any more."""
        for descriptor in (self._lifeline, self._alive):
            os.close(descriptor)
        self._columns.close()
        self.board.close()
