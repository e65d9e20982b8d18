"""Starts the processes, starts anew those that end, restarts them one by one on SIGHUP, and ends with them.

It looks at them ten times a second and does one small thing at a time, so it has no threads and no locks of its own.
"""

import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from math import inf
from types import FrameType

from multigrain.errors import InvalidConfig, Unavailable
from multigrain.telemetry import LOG_FIELDS, PROCESS_RESTARTS
from server.processes.board import Entry
from server.processes.child import Child, Ended
from server.processes.ending import EXIT_THEIRS, MARGIN_SECONDS, ended_how
from server.processes.launcher import Launcher, Plan
from server.processes.seat import KEEPER
from server.processes.shared_port import SharedPort
from server.processes.turns import Turns

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
FIRST_SECONDS = 60.0
"""The others start when the first serves; after this time in any case: there may be no generation for days."""
FAILURES_MAX = 5
"""In a row of one number. What does not work by then is a matter for whoever runs this."""


class Supervisor:
    """For the main thread of a program. `check`: of the settings, before processes are restarted with them; raises
    InvalidConfig.
    """

    def __init__(self, plan: Plan, port: SharedPort, *, check: Callable[[], object] = lambda: None) -> None:
        self._plan = plan
        self._port = port
        self._check = check
        self._launcher = Launcher(plan, port)
        self._board = self._launcher.board
        self._keeper, *self._workers = self._children = [
            Child(number, self._launcher.launch, back_off_seconds=plan.back_off_seconds)
            for number in range(KEEPER, plan.processes + 1)
        ]
        self._told_to_stop = False
        self._told_to_restart = False
        self._turns = Turns()
        self._heard_of = False
        """Whether anybody listens yet, and the log tells it."""

    def run(self) -> None:
        """Returns after SIGTERM or SIGINT, when every process has ended.

        Raises Unavailable when one cannot be kept up; then, too, every process has ended.
        """
        with self._signals():
            try:
                # Together: one loads the catalogue while the other loads its model.
                self._keeper.due = self._workers[0].due = -inf
                self._others_due(time.monotonic() + FIRST_SECONDS)
                while not self._told_to_stop:
                    self._look(time.monotonic())
                    time.sleep(LOOK_SECONDS)
            finally:
                self._end_all()

    def _look(self, now: float) -> None:
        for child in self._children:
            self._tend(child, self._board.read(child.number), now)
        entries = self._board.all(now)
        if not self._heard_of and any(entry.listening for entry in entries):
            self._heard_of = True
            fields = {"address": self._port.address, "processes": self._plan.processes}
            log.info("listening", extra={LOG_FIELDS: fields})
        if any(entry.serving for entry in entries):
            self._others_due(now)
        if self._told_to_restart:
            self._told_to_restart = False
            self._begin_restart()
        if (next_one := self._turns.next(self._children, entries)) is not None:
            next_one.ask_to_end(now, patience_seconds=self._patience_seconds)

    def _tend(self, child: Child, entry: Entry, now: float) -> None:
        ended = child.ended(now)
        if ended is not None:
            self._mourn(child, ended, entry)
        if not child.runs:
            if now >= child.due:
                self._start(child, now)
                fields = {"number": child.number, "pid": child.pid, "restarts": child.restarts}
                log.info("process started", extra={LOG_FIELDS: fields})
        elif child.is_hung(silent=entry.listening and entry.is_silent(now)):
            log.error("process hangs, and is killed", extra={LOG_FIELDS: {"number": child.number, "pid": child.pid}})
            child.kill()

    def _start(self, child: Child, now: float) -> None:
        try:
            child.start(now)
        except OSError as error:
            raise Unavailable(f"process {child.number} cannot be started: {error}") from error

    def _mourn(self, child: Child, ended: Ended, entry: Entry) -> None:
        """Tells of it; raises Unavailable when it makes no sense to go on."""
        how = ended_how(ended.code)
        self._board.write(Entry(number=child.number, restarts=child.restarts, started_ms=entry.started_ms))
        fields = {"number": child.number, "ended": how, "problem": entry.problem}
        if ended.asked:
            log.info("process ended as it was asked to", extra={LOG_FIELDS: fields})
            return
        PROCESS_RESTARTS.labels(child.number).inc()
        log.error("process ended, and nobody had asked it to", extra={LOG_FIELDS: fields})
        if self._turns.give_up():
            log.error("the others are not restarted: they go on as they are", extra={LOG_FIELDS: fields})
        said = f", saying: {entry.problem}" if entry.problem else ": its last lines are in the log"
        if ended.code == EXIT_THEIRS and not self._heard_of:
            raise Unavailable(f"process {child.number} cannot start{said}")
        if child.failures >= FAILURES_MAX:
            raise Unavailable(
                f"process {child.number} ended {child.failures} times in a row, the last time by {how}{said}"
            )

    def _others_due(self, moment: float) -> None:
        """Together: with one after the other, sixteen would take minutes, and whoever serves already goes on anyway."""
        for child in self._workers[1:]:
            if not child.runs and not child.restarts:
                child.due = min(child.due, moment)

    def _begin_restart(self) -> None:
        try:
            self._check()
        except InvalidConfig as error:
            log.error("not restarted: the settings are wrong", extra={LOG_FIELDS: {"error": str(error)}})
            return
        log.info("restarting the processes one by one", extra={LOG_FIELDS: {"processes": self._plan.processes}})
        # The keeper last: while it is away the catalogue stands still.
        self._turns.begin([*self._workers, self._keeper])

    def _end_all(self) -> None:
        for child in self._children:
            child.ask_to_end(time.monotonic(), patience_seconds=self._patience_seconds)
        while any(child.runs for child in self._children):
            for child in self._children:
                child.ended(time.monotonic())
            time.sleep(LOOK_SECONDS / 10)
        self._launcher.close()
        log.info("stopped", extra={LOG_FIELDS: {"address": self._port.address}})

    @property
    def _patience_seconds(self) -> float:
        return self._plan.drain_seconds + MARGIN_SECONDS

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self._told_to_stop = True

        def restart(number: int, frame: FrameType | None) -> None:
            self._told_to_restart = True

        with ExitStack() as before:
            for number, handler in ((signal.SIGINT, stop), (signal.SIGTERM, stop), (signal.SIGHUP, restart)):
                before.callback(signal.signal, number, signal.signal(number, handler))
            yield
