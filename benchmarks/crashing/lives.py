"""Consumers of one scene, one after the other, each a process: how the crash test lets them live and ends them."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import IO

from benchmarks.crashing.life import COMMITTED, Orders
from benchmarks.crashing.nursery import ENDED, KILL
from benchmarks.crashing.points import Point

NURSERY = ("benchmarks.crashing.nursery",)
LONGEST_LIFE_SECONDS = 300.0
"""It is stuck, or the machine is: either way somebody must look."""


@dataclass(frozen=True, slots=True)
class Death:
    """How a life is to end."""

    point: Point | None
    """None: from outside."""
    nth: int
    """At which passing of the point."""
    delay_seconds: float
    """How long after its first commit, from outside."""


class Lives:
    """Made by `open_lives`."""

    def __init__(self, nursery: "subprocess.Popen[str]", log: Path) -> None:
        self._nursery = nursery
        self._log = log

    def one(self, orders: Orders, death: Death | None) -> bool:
        """Whether it was killed. False: it came to the end of what there was to read.

        Raises RuntimeError when it ended otherwise, with what it said.
        """
        self._tell(orders.to_json())
        overdue = threading.Timer(LONGEST_LIFE_SECONDS, self._tell, [KILL])
        overdue.start()
        try:
            said = self._hear()
            if said == COMMITTED and death and death.point is None:
                time.sleep(death.delay_seconds)
                self._tell(KILL)
            while not said.startswith(ENDED):
                said = self._hear()
        finally:
            overdue.cancel()
        status = int(said.removeprefix(ENDED))
        if status not in (0, -SIGKILL) or (status and not death):
            raise RuntimeError(f"a consumer ended with status {status}:\n{self._last_words()}")
        return status == -SIGKILL

    def _tell(self, line: str) -> None:
        _stream(self._nursery.stdin).write(line + "\n")
        _stream(self._nursery.stdin).flush()

    def _hear(self) -> str:
        line = _stream(self._nursery.stdout).readline()
        if not line:
            raise RuntimeError(f"the nursery is gone:\n{self._last_words()}")
        return line.strip()

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]


@contextmanager
def open_lives(program: Sequence[str] = NURSERY) -> Iterator[Lives]:
    """`program`: a module that calls `nursery.run`, and its arguments."""
    # One thread each: a fork takes only the thread that forks, and BLAS would have more.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "lives.log"
        with (
            log.open("wb") as errors,
            subprocess.Popen(
                [sys.executable, "-m", *program],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                text=True,
            ) as nursery,
        ):
            # Its end follows from the end of its orders, when the pipe is closed here.
            yield Lives(nursery, log)


def _stream(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
