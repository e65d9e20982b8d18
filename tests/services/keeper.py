"""Ends the servers of a run that can no longer do so itself.

A run that is killed, or dies of a signal, executes no `atexit`. So each run has a keeper: a process that reads from
the run the pids of its servers and, once the run is gone and the pipe with it, kills those that are left and erases
the run's folder. It asks for nothing else, needs no signal handler in the run, and a clean end leaves it nothing to
do.
"""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.services.cache import ROOT
from tests.services.process import Identity


class Keeper:
    """The run's end of the pipe."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.services.keeper", str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            # Not the run's own output: who pipes a test run elsewhere would wait for the keeper, too.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def watch(self, identity: Identity) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{identity.pid} {identity.started}\n")
        self._process.stdin.flush()

    def dismiss(self) -> None:
        self._process.communicate()


def main(folder: Path) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Whoever ends the run may signal all its processes; this one is needed a moment longer.
        signal.signal(number, signal.SIG_IGN)
    watched: list[Identity] = []
    for line in sys.stdin:
        pid, started = line.rstrip("\n").split(" ", 1)
        watched.append(Identity(int(pid), started))
    for identity in watched:
        identity.kill()
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
