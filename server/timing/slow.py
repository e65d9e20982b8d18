"""Keeps how slow requests went, for whoever asks afterwards: the slowest of the last minutes, without their candidates.

The event loop of the server is its only caller, so there is no lock.
"""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from multigrain.telemetry import LOG_FIELDS, SLOW_REQUESTS
from multigrain.types import GenerationId
from server.request import ChannelName, Request
from server.result import ChannelReport, Degraded, Result, Verdict
from server.timing.stages import Call, Step
from server.understanding.intent import Intent

log = logging.getLogger(__name__)

KEPT_MAX = 100
KEPT_SECONDS = 600.0
"""Longer, and the night's worst would hide what happens now."""
WARN_SECONDS = 1.0
"""When everything is slow, a line for each would bury the one that says why."""


@dataclass(frozen=True, slots=True)
class ChannelTold:
    """What one channel did, without what it found."""

    channel: ChannelName
    hits: int
    milliseconds: float
    problem: str
    passed: int = 0
    """Hits that relevance control kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowRequest:
    """One request that took long, as it went."""

    at_ms: int
    milliseconds: float
    request: Request
    """Without its session events."""
    generation_id: GenerationId | None
    """None: it came to no generation."""
    stages: tuple[Step, ...]
    channels: tuple[ChannelTold, ...]
    degraded: tuple[Degraded, ...] = ()
    judged: int = 0
    returned: int = 0
    dropped_by: Mapping[Verdict, int] = field(default_factory=dict)
    intent: Intent | None = None
    """None: there was no answer."""
    relaxed: tuple[str, ...] = ()
    """Demands that were given up."""


class SlowRequests:
    """The slowest ones of late."""

    def __init__(
        self, *, slow_ms: float, now_ms: Callable[[], int], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`slow_ms`: from how many milliseconds on a request is kept; 0: none is."""
        self.slow_ms = slow_ms
        self._now_ms = now_ms
        self._monotonic = monotonic
        self._kept: list[tuple[float, SlowRequest]] = []
        """When each one ended, and how it went."""
        self._next_line = 0.0
        self._untold = 0

    def tell(self, call: Call) -> None:
        """Of every call that has ended. A quick one costs a comparison."""
        if not self.slow_ms or call.milliseconds < self.slow_ms or call.request is None:
            return
        SLOW_REQUESTS.inc()
        self._keep(call, call.request)
        self._warn(call)

    def slowest(self, count: int) -> list[SlowRequest]:
        """The slowest first."""
        self._forget()
        return sorted((slow for _, slow in self._kept), key=lambda slow: -slow.milliseconds)[:count]

    def _keep(self, call: Call, request: Request) -> None:
        self._forget()
        if len(self._kept) >= KEPT_MAX:
            quickest = min(range(len(self._kept)), key=lambda i: self._kept[i][1].milliseconds)
            if self._kept[quickest][1].milliseconds >= call.milliseconds:
                return
            del self._kept[quickest]
        at_ms = self._now_ms() - round(call.milliseconds)
        self._kept.append((self._monotonic(), as_it_went(call, request, at_ms)))

    def _forget(self) -> None:
        since = self._monotonic() - KEPT_SECONDS
        if self._kept and self._kept[0][0] < since:
            self._kept = [entry for entry in self._kept if entry[0] >= since]

    def _warn(self, call: Call) -> None:
        now = self._monotonic()
        if now < self._next_line:
            self._untold += 1
            return
        slowest = max(call.stages(), key=lambda stage: stage.milliseconds, default=None)
        fields: dict[str, object] = {"request": call.request_id, "milliseconds": round(call.milliseconds, 1)}
        if slowest is not None:
            fields |= {"stage": slowest.name, "stage_milliseconds": round(slowest.milliseconds, 1)}
        if call.trace_id:
            fields["trace"] = call.trace_id
        if self._untold:
            fields["others"] = self._untold
        log.warning("slow request: `multigrain slow` shows how it went", extra={LOG_FIELDS: fields})
        self._next_line, self._untold = now + WARN_SECONDS, 0


def as_it_went(call: Call, request: Request, at_ms: int) -> SlowRequest:
    """What is kept of a call: reports and counts, no column."""
    kept = SlowRequest(
        at_ms=at_ms,
        milliseconds=call.milliseconds,
        request=replace(request, recent_events=()),
        generation_id=call.generation_id,
        stages=call.stages(),
        channels=_asked_before_it_failed(call),
    )
    return kept if call.result is None else _answered(kept, call.result)


def _answered(kept: SlowRequest, result: Result) -> SlowRequest:
    return replace(
        kept,
        generation_id=result.generation_id,
        channels=tuple(_told(report) for report in result.reports),
        degraded=result.degraded,
        judged=result.judged,
        returned=len(result.kept),
        dropped_by=result.dropped_by,
        intent=result.intent,
        relaxed=result.relaxed,
    )


def _told(report: ChannelReport) -> ChannelTold:
    return ChannelTold(report.channel, len(report.hits), report.milliseconds, report.problem, report.passed)


def _asked_before_it_failed(call: Call) -> tuple[ChannelTold, ...]:
    """Without an answer there are no reports, but the steps of the channels say the same."""
    asking = {stage.number for stage in call.stages() if stage.name == "channels"}
    names = ChannelName.__members__
    asked = [step for step in call.steps if step.within in asking and step.name.upper() in names]
    return tuple(
        ChannelTold(names[step.name.upper()], _hits(step), step.milliseconds, _problem(step)) for step in asked
    )


def _hits(asking: Step) -> int:
    return int(asking.facts.get("hits", 0))


def _problem(asking: Step) -> str:
    return str(asking.facts.get("problem", "" if "hits" in asking.facts else "broken off"))
