"""The collector that takes our traces, by OTLP over gRPC. The log hears when it goes and when it comes back, no more.

Imported only where calls are traced.
"""

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from multigrain.client_channel import NO_PROXY
from multigrain.loopback import is_loopback
from multigrain.telemetry import LOG_FIELDS

log = logging.getLogger(__name__)

EXPORT_SECONDS = 2.0
"""Of one batch, with its tries: a stop may have to wait for it."""


class Collector(SpanExporter):
    """Is called by one thread, which may block."""

    def __init__(self, endpoint: str) -> None:
        """`endpoint`: http://host:port, or https:// for TLS. Connects when there is something to send."""
        # It would tell of each batch twice, for as long as the collector is away.
        logging.getLogger("opentelemetry.exporter").setLevel(logging.CRITICAL)
        self._endpoint = endpoint
        self._exporter = OTLPSpanExporter(
            endpoint=endpoint,
            insecure=endpoint.startswith("http://"),
            timeout=EXPORT_SECONDS,
            channel_options=_channel_options(endpoint),
        )
        self._is_away = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Sends them, or lets them go: what waits for a collector that is away would be memory that grows."""
        result = self._exporter.export(spans)
        is_away = result is not SpanExportResult.SUCCESS
        if is_away != self._is_away:
            fields = {"endpoint": self._endpoint}
            if is_away:
                log.warning("traces are lost: the collector does not take them", extra={LOG_FIELDS: fields})
            else:
                log.info("the collector takes traces again", extra={LOG_FIELDS: fields})
        self._is_away = is_away
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def _channel_options(endpoint: str) -> Any:  # Any: opentelemetry has their values as text, and gRPC wants numbers
    return NO_PROXY if is_loopback(urlsplit(endpoint).hostname or "") else ()
