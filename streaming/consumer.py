"""READ FIRST: the stream in one loop. Poll, decode, hand over, commit; bad records go aside, down stores are awaited.

Exactly-once effect: a batch's SQL changes and its positions are one transaction. What that cannot hold, index writes
and dead letters, comes before its commit and can be repeated: after a crash anywhere the batch is simply taken again.
It knows neither Kafka nor Milvus.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from threading import Event as Flag
from typing import NamedTuple, TypeVar

from multigrain.errors import InvalidEvent, Unavailable
from multigrain.events import Event
from multigrain.telemetry import LOG_FIELDS, STREAM_BATCH_SECONDS, STREAM_WAITS
from streaming.backoff import delays
from streaming.commit import PositionMoved, StreamPositions
from streaming.dead_letter import DeadLetter, DeadLetters, Health, Limit
from streaming.decode import decode
from streaming.handlers.handler import Handler, Incoming, Transactions
from streaming.progress import Progress, counted, show_ages, show_lag
from streaming.source import Positions, Record, Source

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Each is explained in KafkaSettings."""

    batch_records: int = 2_000
    batch_seconds: float = 0.05
    dead_letter_run: int = 100
    dead_letter_ratio: float = 0.2


class Taken(NamedTuple):
    """A batch whose transaction has committed."""

    reached: Positions
    health: Health
    batch: Sequence[Incoming]
    letters: Sequence[DeadLetter]


@dataclass(slots=True, kw_only=True)
class Consumer:
    """One reader of a source. `run` is called from one thread; a flag set from any other ends it between batches."""

    source: Source
    positions: StreamPositions
    transactions: Transactions
    handlers: Mapping[type[Event], Handler]
    dead_letters: DeadLetters
    limits: Limits
    clock_ms: Callable[[], int]
    wait: Callable[[float], object]
    """Sleeps; may return early when a stop is asked for."""
    random: Random
    progress: Progress = field(default_factory=Progress)
    health: Health = field(default_factory=Health)

    def run_forever(self, stop: Flag) -> Progress:
        """Until `stop`. A batch that is being taken is finished; one that waits for a store is abandoned, whole."""
        return self.run(until_idle=False, stop=stop)

    def run(self, *, until_idle: bool = True, stop: Flag | None = None) -> Progress:
        """Until everything written so far has been taken, or `stop`. Raises TooManyDeadLetters."""
        stop = stop or Flag()
        while not stop.is_set():
            records = self._patiently(self._poll, stop)
            if records:
                self._take_or_rewind(records, stop)
            elif until_idle and self._patiently(self.source.at_end, stop):
                break
        return self.progress

    def close(self) -> None:
        self.source.close()
        self.dead_letters.close()

    def _poll(self) -> list[Record]:
        return self.source.poll(self.limits.batch_records, self.limits.batch_seconds)

    def _take_or_rewind(self, records: Sequence[Record], stop: Flag) -> None:
        try:
            taken = self._patiently(lambda: self._take(records), stop)
        except PositionMoved as error:
            log.warning(str(error))
            self.source.rewind()
        else:
            if taken:
                self._took(taken)

    def _take(self, records: Sequence[Record]) -> Taken:
        """All of these records, or none."""
        with STREAM_BATCH_SECONDS.time():
            batch, letters = self._decode(records)
            shares = self._shares(batch)
            for handler, share in shares.items():
                handler.prepare(share)
            with self.transactions() as stores:
                # First, as a fence: nobody else may take these records, or write them to an index, until we are done.
                # It counts when the transaction commits, which comes last.
                reached = self.positions.record(stores.connection, records, self.clock_ms())
                for handler, share in shares.items():
                    letters.extend(handler.handle(share, stores))
                health = self._health(records, letters)
                self.dead_letters.send(letters)
            return Taken(reached, health, batch, letters)

    def _took(self, taken: Taken) -> None:
        self.positions.committed(taken.reached)
        self.health = taken.health
        self.progress = counted(self.progress, taken.batch, taken.letters)
        show_ages(taken.batch, self.clock_ms())
        self.source.acknowledge(taken.reached)
        show_lag(self.source.lag())

    def _decode(self, records: Sequence[Record]) -> tuple[list[Incoming], list[DeadLetter]]:
        batch, letters, now_ms = [], [], self.clock_ms()
        for record in records:
            try:
                batch.append(Incoming(record, decode(record, now_ms=now_ms)))
            except InvalidEvent as error:
                letters.append(DeadLetter(record, error))
        return batch, letters

    def _shares(self, batch: Sequence[Incoming]) -> dict[Handler, list[Incoming]]:
        """What each handler gets of the batch; handlers in the order of the table."""
        shares: dict[Handler, list[Incoming]] = {handler: [] for handler in self.handlers.values()}
        for incoming in batch:
            shares[self.handlers[type(incoming.event)]].append(incoming)
        return {handler: share for handler, share in shares.items() if share}

    def _health(self, records: Sequence[Record], letters: Sequence[DeadLetter]) -> Health:
        reasons = {(letter.record.partition, letter.record.position): letter.reason for letter in letters}
        each = (reasons.get((record.partition, record.position)) for record in records)
        return self.health.after(each, Limit(self.limits.dead_letter_run, self.limits.dead_letter_ratio))

    def _patiently(self, act: Callable[[], T], stop: Flag) -> T | None:
        """Does it, again and again while a part of ours is down: that is no fault of the records. None: stopped."""
        for delay in delays(self.random):
            try:
                return act()
            except Unavailable as error:
                if stop.is_set():
                    return None
                STREAM_WAITS.labels(type(error).__name__).inc()
                log.warning("waiting for a store", extra={LOG_FIELDS: {"seconds": round(delay, 1), "why": str(error)}})
            self.source.pause()
            self.wait(delay)
            # The group must not think that we are dead; while paused, this brings no records.
            with suppress(Unavailable):
                self.source.poll(1, 0)
            self.source.resume()
        return None
