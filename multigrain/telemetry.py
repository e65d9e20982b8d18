"""Logs and metrics. Every metric of the house is named here, with what it is for; a test proves each is used."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from multigrain.settings import TelemetrySettings

# From well below a fast stage to the longest budget: a histogram without buckets there cannot show a p99.
SECONDS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048)

REQUESTS = Counter("multigrain_requests", "Calls by method and gRPC status.", ["method", "status"])
REQUEST_SECONDS = Histogram("multigrain_request_seconds", "Time of a call.", ["method"], buckets=SECONDS)
STAGE_SECONDS = Histogram("multigrain_stage_seconds", "Time of one stage of Retrieve.", ["stage"], buckets=SECONDS)
CHANNEL_SECONDS = Histogram(
    "multigrain_channel_seconds", "Time of one search of a channel.", ["channel"], buckets=SECONDS
)
CHANNEL_ANSWERS = Counter(
    "multigrain_channel_answers", "Searches by channel and what came of them: ok, late, failed.", ["channel", "outcome"]
)
CHANNEL_HITS = Counter("multigrain_channel_hits", "Candidates that a channel gave.", ["channel"])
GENERATION_REQUESTS = Counter(
    "multigrain_generation_requests", "Requests by the generation that answered; only those loaded now.", ["generation"]
)
JUDGED = Counter("multigrain_judged_candidates", "Candidates that relevance control judged.")
VECTOR_PASSED = Histogram(
    "multigrain_vector_passed_share",
    "Share of the vector channel's first hits that relevance control kept.",
    buckets=(0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1),
)
RELAXED = Counter(
    "multigrain_relaxed_demands",
    "Demands given up because too few items meet them all: colour, attribute, word, brand.",
    ["kind"],
)
SLOW_REQUESTS = Counter("multigrain_slow_requests", "Requests that took server.slow_ms or longer.")
USER_CACHE_LOOKUPS = Counter("multigrain_user_cache_lookups", "Encoded users looked for: hit, miss.", ["outcome"])
USER_CACHE_BYTES = Gauge("multigrain_user_cache_bytes", "Memory that encoded users take.")
ENCODED_TOGETHER = Histogram(
    "multigrain_encoded_together", "Queries that were encoded in one call.", buckets=(1, 2, 4, 8)
)
ENCODINGS_LEFT_OUT = Counter(
    "multigrain_encodings_left_out", "Queries that nobody waited for when their turn came: cancelled, late.", ["why"]
)
DEGRADED = Counter("multigrain_degraded", "Answers that were smaller or less personal, by reason.", ["reason"])
DROPPED = Counter("multigrain_dropped_candidates", "Candidates dropped by relevance control.", ["verdict"])
GENERATION_SWITCHES = Counter("multigrain_generation_switches", "Switches of the live generation.", ["outcome"])
CANARY_RECALL = Gauge(
    "multigrain_canary_recall",
    "Recall of the live index at the last look that could tell.",
    multiprocess_mode="mostrecent",
)
CANARY_LOOKS = Counter(
    "multigrain_canary_looks", "Looks at the live index: passed, undecided, refused, failed.", ["outcome"]
)
PROCESS_RESTARTS = Counter(
    "multigrain_process_restarts", "Serving processes that ended unasked and were started anew, by number.", ["number"]
)

STREAM_EVENTS = Counter("multigrain_stream_events", "Events by kind and what became of them.", ["kind", "outcome"])
STREAM_BATCH_SECONDS = Histogram("multigrain_stream_batch_seconds", "Time of a batch.", buckets=SECONDS)
STREAM_DEAD_LETTERS = Counter(
    "multigrain_stream_dead_letters", "Records that could not be taken, by field.", ["reason"]
)
STREAM_AGE_SECONDS = Histogram(
    "multigrain_stream_age_seconds",
    "From when an event happened, by its sender's clock, to when its effects are committed, by kind.",
    ["kind"],
    buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30, 60, 600, 3600, 86400),
)
STREAM_LAG = Gauge("multigrain_stream_lag", "Records not yet taken, by partition.", ["topic", "partition"])
STREAM_WAITS = Counter("multigrain_stream_waits", "Waits for a part of ours that was down, by kind of error.", ["why"])
STREAM_STALLS = Counter(
    "multigrain_stream_stalls",
    "Partitions that stood still while the log went on, by what was done: rewind, rejoin, end.",
    ["topic", "remedy"],
)
STREAM_TAKEN_UP = Counter(
    "multigrain_stream_partitions_taken_up", "Partitions begun at their stored position.", ["topic"]
)
STREAM_LOST_RECORDS = Counter(
    "multigrain_stream_lost_records", "Records that were deleted before they were read, and skipped.", ["topic"]
)
STREAM_INDEX_WAIT = Gauge(
    "multigrain_stream_index_wait_seconds", "Wait before the newest batch of item changes; 0: the index keeps up."
)
RECONCILE_LOOKS = Counter(
    "multigrain_reconcile_looks", "Looks at a fed index: clean, repaired, differs, failed.", ["outcome"]
)
RECONCILE_DIFFERENCES = Counter(
    "multigrain_reconcile_differences",
    "Differences between catalogue and index, by kind and what became of them: repaired, left.",
    ["kind", "outcome"],
)

PROBE_SECONDS = Histogram(
    "multigrain_probe_seconds", "From a producer to an answer, by what changed.", ["what"], buckets=SECONDS
)
PROBE_LATE = Counter("multigrain_probe_late", "Changes that no answer showed in time, by what changed.", ["what"])

LOG_FIELDS = "fields"
"""`log.info("one line", extra={LOG_FIELDS: {"batch": 7}})`: ids and counts are fields, not words of the sentence."""


def start_telemetry(
    settings: TelemetrySettings, *, registry: CollectorRegistry = REGISTRY, process: int | None = None
) -> None:
    """Sets up logging and, when a port is set, serves the metrics of the registry.

    `process`: the number that each line of the log bears, where several processes write one log.
    """
    handler = logging.StreamHandler(sys.stderr)
    if process is not None:
        handler.addFilter(_Numbered(process))
    handler.setFormatter(_JsonLines() if settings.log_format == "json" else _TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    # These talk at INFO about every connection; what matters of it comes back to us as an error.
    for noisy in ("pymilvus", "alembic", "faiss", "milvus_lite"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # At WARNING a broker that is away gives a dozen lines for each one of ours, which says what is done about it.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    # Milvus Lite serves inside this process and logs a traceback for each call that it does not know; pymilvus asks for
    # such calls and does without them. Our own server is grpc.aio, which logs elsewhere.
    logging.getLogger("grpc._server").setLevel(logging.CRITICAL)
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr=settings.metrics_host, registry=registry)


class _Numbered(logging.Filter):
    def __init__(self, process: int) -> None:
        super().__init__()
        self._process = process

    def filter(self, record: logging.LogRecord) -> bool:
        setattr(record, LOG_FIELDS, {**getattr(record, LOG_FIELDS, {}), "process": self._process})
        return True


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {  # Any: fields are whatever a caller counts
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, LOG_FIELDS, {}),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


class _TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        clock = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        fields = " ".join(f"{key}={value}" for key, value in getattr(record, LOG_FIELDS, {}).items())
        line = f"{clock} {record.levelname:<7} {record.name}: {record.getMessage()} {fields}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line
