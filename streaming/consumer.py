"""READ FIRST: the stream in one loop. Poll, decode, hand over, commit; bad records go aside, down stores are awaited.

Exactly-once effect: a batch's SQL changes and its positions are one transaction. What that cannot hold, index writes
and dead letters, comes before its commit and can be repeated: after a crash anywhere the batch is simply taken again.
The next batch is read meanwhile, by a thread that has nothing to do with any store.
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
from streaming.read_ahead import ReadAhead
from streaming.source import Positions, Record, Source

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Each is explained in KafkaSettings."""

    batch_records: int = 2_000
    batch_seconds: float = 0.02
    dead_letter_run: int = 100
    dead_letter_ratio: float = 0.2


class Batch(NamedTuple):
    """Records, what they say, and those that say nothing."""

    records: Sequence[Record]
    events: Sequence[Incoming]
    bad: Sequence[DeadLetter]


class Taken(NamedTuple):
    """A batch whose transaction has committed."""

    reached: Positions
    health: Health
    events: Sequence[Incoming]
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
    _ahead: ReadAhead[Batch] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ahead = ReadAhead(lambda: self._read(ahead=True))

    def run_forever(self, stop: Flag) -> Progress:
        """Until `stop`. A batch that is being taken is finished; one that waits for a store is abandoned, whole."""
        return self.run(until_idle=False, stop=stop)

    def run(self, *, until_idle: bool = True, stop: Flag | None = None) -> Progress:
        """Until everything written so far has been taken, or `stop`. Raises TooManyDeadLetters."""
        stop = stop or Flag()
        try:
            while not stop.is_set():
                batch = self._patiently(self._next, stop)
                if batch and batch.records:
                    self._take_or_rewind(batch, stop)
                elif until_idle and self._patiently(self.source.at_end, stop):
                    break
        finally:
            self._abandon_ahead()
        return self.progress

    def close(self) -> None:
        self._ahead.close()
        self.source.close()
        self.dead_letters.close()

    def _next(self) -> Batch:
        return self._ahead.take() or self._read()

    def _read(self, *, ahead: bool = False) -> Batch:
        records = self.source.poll(self.limits.batch_records, self.limits.batch_seconds, ahead=ahead)
        events, bad, now_ms = [], [], self.clock_ms()
        for record in records:
            try:
                events.append(Incoming(record, decode(record, now_ms=now_ms)))
            except InvalidEvent as error:
                bad.append(DeadLetter(record, error))
        return Batch(records, events, bad)

    def _abandon_ahead(self) -> None:
        """Whoever reads on begins where SQL stands."""
        if self._ahead.forget():
            self.source.rewind()

    def _take_or_rewind(self, batch: Batch, stop: Flag) -> None:
        self._ahead.begin()
        try:
            taken = self._patiently(lambda: self._take(batch), stop)
        except PositionMoved as error:
            log.warning(str(error))
            self._ahead.forget()
            self.source.rewind()
        else:
            if taken:
                self._took(taken)

    def _take(self, batch: Batch) -> Taken:
        """All of these records, or none."""
        with STREAM_BATCH_SECONDS.time():
            letters = list(batch.bad)
            shares = self._shares(batch.events)
            for handler, share in shares.items():
                handler.prepare(share)
            with self.transactions() as stores:
                # First, as a fence: nobody else may take these records, or write them to an index, until we are done.
                # It counts when the transaction commits, which comes last.
                reached = self.positions.record(stores.connection, batch.records, self.clock_ms())
                for handler, share in shares.items():
                    letters.extend(handler.handle(share, stores))
                health = self._health(batch.records, letters)
                self.dead_letters.send(letters)
            return Taken(reached, health, batch.events, letters)

    def _took(self, taken: Taken) -> None:
        self.positions.committed(taken.reached)
        self.health = taken.health
        self.progress = counted(self.progress, taken.events, taken.letters)
        show_ages(taken.events, self.clock_ms())
        self._ahead.settle()
        self.source.acknowledge(taken.reached)
        show_lag(self.source.lag())

    def _shares(self, events: Sequence[Incoming]) -> dict[Handler, list[Incoming]]:
        """What each handler gets of the batch; handlers in the order of the table."""
        shares: dict[Handler, list[Incoming]] = {handler: [] for handler in self.handlers.values()}
        for incoming in events:
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
            self._ahead.settle()
            self.source.pause()
            self.wait(delay)
            # The group must not think that we are dead; while paused, this brings no records.
            with suppress(Unavailable):
                self.source.poll(1, 0)
            self.source.resume()
        return None
