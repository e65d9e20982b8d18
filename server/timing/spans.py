"""A call that has ended, as OpenTelemetry spans: its stages within it, and their steps within them.

Imported only where calls are traced.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from opentelemetry.trace import Span, Status, StatusCode, Tracer, set_span_in_context

from server.timing.stages import THE_CALL, Call, Step

PREFIX = "multigrain."
"""Of our attributes: names of two parties meet in one trace."""

Attributes = dict[str, str | int | float | Sequence[str]]


@dataclass(frozen=True, slots=True)
class SampledCall:
    """A call that becomes a trace, and the span that was begun for it."""

    root: Span
    call: Call
    clock: int
    """What the nanoseconds of `time.monotonic` lack of those since 1970."""


def tell(tracer: Tracer, sampled: SampledCall, *, with_queries: bool) -> None:
    """Ends the call's span, with one for each step within. `with_queries`: whether they hold query and user id."""
    root, call, clock = sampled.root, sampled.call, sampled.clock
    root.set_attributes(_about(call))
    if with_queries and call.request is not None:
        root.set_attributes({f"{PREFIX}query": call.request.query, f"{PREFIX}user_id": call.request.user_id or ""})
    if call.status != "OK":
        root.set_status(Status(StatusCode.ERROR, call.status))
    _tell_steps(tracer, call.steps, root, clock)
    root.end(nanoseconds(call.ended, clock))


def nanoseconds(monotonic: float, clock: int) -> int:
    """Since 1970. `clock`: as in SampledCall."""
    return int(monotonic * 1e9) + clock


def _tell_steps(tracer: Tracer, steps: Sequence[Step], root: Span, clock: int) -> None:
    around = {THE_CALL: set_span_in_context(root)}
    # By number: a step has begun after the one around it.
    for step in sorted(steps, key=lambda step: step.number):
        span = tracer.start_span(
            step.name,
            around.get(step.within, around[THE_CALL]),
            attributes={PREFIX + name: fact for name, fact in step.facts.items()},
            start_time=nanoseconds(step.started, clock),
        )
        around[step.number] = set_span_in_context(span)
        if problem := step.facts.get("problem"):
            span.set_status(Status(StatusCode.ERROR, str(problem)))
        span.end(nanoseconds(step.ended, clock))


def _about(call: Call) -> Attributes:
    about: Attributes = {
        "rpc.system": "grpc",
        "rpc.service": "multigrain.v1.RetrievalService",
        "rpc.method": call.method,
        f"{PREFIX}request_id": call.request_id,
        f"{PREFIX}status": call.status,
    }
    if call.generation_id is not None:
        about[f"{PREFIX}generation"] = call.generation_id
    if call.request is not None:
        about[f"{PREFIX}limit"] = call.request.limit
    if call.result is not None:
        about[f"{PREFIX}returned"] = len(call.result.kept)
        about[f"{PREFIX}judged"] = call.result.judged
        about[f"{PREFIX}degraded"] = tuple(reason.name.lower() for reason in call.result.degraded)
    return about
