"""What a consumer has committed: counted for the metrics, for the log, and for whoever waits before a terminal."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from multigrain.telemetry import LOG_FIELDS, STREAM_AGE_SECONDS, STREAM_DEAD_LETTERS, STREAM_EVENTS, STREAM_LAG
from streaming.dead_letter import DeadLetter
from streaming.handlers.handler import Incoming
from streaming.source import Positions

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Since the consumer was made."""

    batches: int = 0
    events: int = 0
    dead_letters: int = 0


def counted(progress: Progress, batch: Sequence[Incoming], letters: Sequence[DeadLetter]) -> Progress:
    """Progress after this batch, which has just been committed. An event can end as a dead letter, too."""
    dead = {id(letter.record) for letter in letters}
    kinds = Counter((type(one.event).__name__, "dead letter" if id(one.record) in dead else "taken") for one in batch)
    for (kind, outcome), count in kinds.items():
        STREAM_EVENTS.labels(kind, outcome).inc(count)
    for letter in letters:
        STREAM_DEAD_LETTERS.labels(letter.error.field).inc()
        record = letter.record
        place = f"{record.partition.topic}[{record.partition.number}]@{record.position}"
        log.warning("dead letter", extra={LOG_FIELDS: {"record": place, "reason": letter.reason}})
    taken = sum(count for (_, outcome), count in kinds.items() if outcome == "taken")
    log.debug("batch committed", extra={LOG_FIELDS: {"events": taken, "dead_letters": len(letters)}})
    return Progress(
        batches=progress.batches + 1,
        events=progress.events + taken,
        dead_letters=progress.dead_letters + len(letters),
    )


def show_ages(batch: Sequence[Incoming], now_ms: int) -> None:
    """How old each event of a committed batch is. Requests see what users did at once, items within a refresh."""
    of_kind = {kind: STREAM_AGE_SECONDS.labels(kind.__name__) for kind in {type(one.event) for one in batch}}
    for one in batch:
        of_kind[type(one.event)].observe(max(0, now_ms - one.event.at_ms) / 1000)


def show_lag(lag: Positions) -> None:
    for partition, records in lag.items():
        STREAM_LAG.labels(partition.topic, str(partition.number)).set(records)
