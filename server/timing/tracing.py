"""Which calls become OpenTelemetry traces, and how those reach a collector: a call pays for the decision, and if it is
sampled for its first span. The rest is made of the times that were kept anyway, in a thread, and sent in batches.

opentelemetry is imported only where `telemetry.otlp_endpoint` is set.
"""

import logging
import queue
import random
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from multigrain import __version__
from multigrain.errors import Missing
from multigrain.settings import TelemetrySettings
from multigrain.telemetry import LOG_FIELDS
from server.timing.stages import Call

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter

    from server.timing.spans import SampledCall

log = logging.getLogger(__name__)

CALLS_MAX = 100
"""Calls that wait to become spans. What is beyond is not told of."""
QUEUE_MAX = 1000
"""Spans that wait to be sent; a collector that is away costs this much memory, and the spans beyond it."""
BATCH_MAX = 500
EVERY_MS = 1000
CLOSE_SECONDS = 2.0
"""For the calls that still wait to become spans."""


def open_traces(settings: TelemetrySettings) -> "Traces | None":
    """None where no endpoint is set. Raises Missing where one is and the packages are not here."""
    if settings.otlp_endpoint is None:
        return None
    try:
        from server.timing.collector import Collector
    except ImportError:
        raise Missing(
            "opentelemetry is not installed: pip install 'multigrain[tracing]', or leave telemetry.otlp_endpoint unset"
        ) from None
    collector = Collector(settings.otlp_endpoint)
    return Traces(collector, share=settings.trace_share, with_queries=settings.trace_queries)


class Traces:
    """Sends sampled calls to a collector. Nothing that happens to them reaches a request."""

    def __init__(self, exporter: "SpanExporter", *, share: float, with_queries: bool) -> None:
        """`share`: of the calls whose trace begins here. `with_queries`: whether spans hold query and user id."""
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._share = share
        self._with_queries = with_queries
        self._callers = TraceContextTextMapPropagator()
        resource = Resource({"service.name": "multigrain", "service.version": __version__})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter,
                max_queue_size=QUEUE_MAX,
                max_export_batch_size=BATCH_MAX,
                schedule_delay_millis=EVERY_MS,
            )
        )
        self._tracer = self._provider.get_tracer("multigrain.server", __version__)
        self._calls: queue.Queue[SampledCall | None] = queue.Queue(CALLS_MAX)
        """None: that was the last."""
        self._thread = threading.Thread(target=self._make_spans, name="traces", daemon=True)
        self._thread.start()

    def tell(self, call: Call) -> None:
        """Of every call that has ended. One that its caller, or the share, samples becomes a trace."""
        from opentelemetry.trace import SpanKind

        from server.timing.spans import SampledCall, nanoseconds

        around = self._around(call)
        if around is None:
            return
        clock = time.time_ns() - time.monotonic_ns()
        started = nanoseconds(call.started, clock)
        root = self._tracer.start_span(call.method, around, SpanKind.SERVER, start_time=started)
        call.trace_id = f"{root.get_span_context().trace_id:032x}"
        with suppress(queue.Full):
            self._calls.put_nowait(SampledCall(root, call, clock))

    def close(self) -> None:
        """Sends what waits: two batches at most, so a collector that is away holds it up for some seconds."""
        self._calls.put(None)
        self._thread.join(CLOSE_SECONDS)
        self._provider.shutdown()

    def _around(self, call: Call) -> "Context | None":
        """What its first span lies in; empty where the trace begins here. None: it is not sampled."""
        from opentelemetry.context import Context
        from opentelemetry.trace import get_current_span

        if call.traceparent:
            around = self._callers.extract({"traceparent": call.traceparent}, Context())
            caller = get_current_span(around).get_span_context()
            if caller.is_valid:
                return around if caller.trace_flags.sampled else None
        return Context() if random.random() < self._share else None

    def _make_spans(self) -> None:
        from server.timing import spans

        while (sampled := self._calls.get()) is not None:
            try:
                spans.tell(self._tracer, sampled, with_queries=self._with_queries)
            except Exception:  # one call without a trace, and the thread goes on
                log.exception("a call was not traced", extra={LOG_FIELDS: {"request": sampled.call.request_id}})
