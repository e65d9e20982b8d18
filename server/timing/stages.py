"""Where the time of one call goes: its stages, and the steps within them, each timed once.

Metrics, traces, the answer's debug part and the slow requests all read the same times. Who calls `stage` or `step` need
not know whether anybody does: outside of a call they time nothing but the metric.
"""

import functools
import itertools
import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType

from multigrain.telemetry import STAGE_SECONDS
from multigrain.types import GenerationId
from server.request import Request
from server.result import Result

Fact = str | int | float
Facts = dict[str, Fact]
"""What is known of a step when it ends, by name: {'hits': 1000}."""

THE_CALL = 0
"""The number of what is around every stage."""


class Step:
    """A part of a call: a `with` block that is timed. The value of the block takes facts about it.

    One object is both the block and what is kept of it: there are a dozen in every request.
    """

    __slots__ = ("_before", "_call", "_tell", "ended", "facts", "name", "number", "started", "within")

    def __init__(self, name: str, tell: Callable[[float], None] | None) -> None:
        """`tell`: told the seconds; None: nobody is."""
        self.name = name
        self.number = self.within = THE_CALL
        """Its own, and that of the step around it; THE_CALL around a stage."""
        self.started = self.ended = 0.0
        """Of `time.monotonic`."""
        self.facts: Facts = {}
        self._tell = tell
        self._call: Call | None = None
        self._before: Token[Here] | None = None

    @property
    def milliseconds(self) -> float:
        return (self.ended - self.started) * 1000

    def __enter__(self) -> Facts:
        here = _here.get(None)
        if here is not None:
            self._call, self.within = here
            self.number = next(self._call.numbers)
            self._before = _here.set((self._call, self.number))
        self.started = time.monotonic()
        return self.facts

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended = time.monotonic()
        if self._tell is not None:
            self._tell(self.ended - self.started)
        if self._call is not None and self._before is not None:
            _here.reset(self._before)
            # What outlives its call, such as a late search or a task that goes on for others, adds nothing to it.
            if not self._call.status:
                self._call.steps.append(self)
            # Kept for minutes where the call was slow, and the call holds the answer.
            self._call = self._before = None


@dataclass(slots=True, kw_only=True)
class Call:
    """One call of one client, as it goes. Who reads it when it has ended gets it from the door."""

    method: str
    request_id: str
    traceparent: str = ""
    """The caller's trace, as its metadata had it; '' when it brought none."""
    started: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    status: str = ""
    """gRPC's name of it; '' while the call runs."""
    request: Request | None = None
    """What `Retrieve` was asked. None: another method, or a request that was refused."""
    generation_id: GenerationId | None = None
    """None: it came to no generation."""
    result: Result | None = None
    """None: there was no answer."""
    trace_id: str = ""
    """Of the trace that tells of this call; '' when none does."""
    steps: list[Step] = field(default_factory=list)
    """In the order in which they ended."""
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(THE_CALL + 1))

    @property
    def milliseconds(self) -> float:
        return (self.ended - self.started) * 1000

    def stages(self) -> tuple[Step, ...]:
        """Those that have ended, in their order."""
        return tuple(step for step in self.steps if step.within == THE_CALL)

    def begin(self) -> None:
        """From here on this task, and those that it starts, work for this call."""
        _here.set((self, THE_CALL))

    def end(self, status: str) -> None:
        """`status`: as gRPC names it."""
        self.ended, self.status = time.monotonic(), status


Here = tuple[Call, int]
_here: ContextVar[Here] = ContextVar("here")
"""The call that this task works for, and the number of the step that it is in."""


def current_call() -> Call:
    """The call that this task works for. Raises LookupError outside of one."""
    return _here.get()[0]


def answered_by(generation_id: GenerationId) -> None:
    """Notes which generation answers the call of this task."""
    here = _here.get(None)
    if here is not None:
        here[0].generation_id = generation_id


def stage(name: str) -> Step:
    """One stage of a request: `with stage("judge"):`. It has a metric, too, so its name is one of a few."""
    return Step(name, _metric_of(name))


def step(name: str) -> Step:
    """A part of a stage, for traces. In a thread, it is known where it belongs if the thread runs in the context of
    the task that asked (`contextvars.copy_context().run`).
    """
    return Step(name, None)


@functools.cache
def _metric_of(name: str) -> Callable[[float], None]:
    # Looking the label up takes nearly as long as counting.
    return STAGE_SECONDS.labels(name).observe
