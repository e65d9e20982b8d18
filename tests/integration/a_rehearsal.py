"""The crash test in one process: log, index and dead letters in memory, SQLite, and consumers that die by exception.

A death costs a millisecond, so a property test can afford hundreds, at places that kills of processes seldom hit. What
it cannot show is what only real services do: see test_stream_crashes.py for those.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from random import Random

import sqlalchemy as sa

from benchmarks.crashing.archive import an_archive, read_archive, rolling
from benchmarks.crashing.broker import Buried
from benchmarks.crashing.comparison import differences
from benchmarks.crashing.found import Found, read_index, read_sql
from benchmarks.crashing.life import NOW_MS
from benchmarks.crashing.oracle import expected
from benchmarks.crashing.points import Passing, Point, watched_consumer, watched_index
from benchmarks.crashing.scene import DIMS, ENCODER, PARTITIONS
from benchmarks.crashing.sent import Landed, Place, Sent
from multigrain import database
from multigrain.index.exact import ExactIndex
from multigrain.index.item_index import ItemIndex
from multigrain.types import GenerationId
from streaming.app import assemble, sql_transactions
from streaming.consumer import Consumer, Limits
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.encode import TopicKind
from streaming.handlers.handler import Transactions
from streaming.sources.memory import MemoryLog, MemorySource
from streaming.targets import Target

WAITS_MAX = 100


class Died(BaseException):
    """The process would be gone here. No part of it may catch this."""


Break = Callable[[sa.Engine, ItemIndex], tuple[Transactions, ItemIndex]]
"""Makes transactions, and an index over the given one, that do not keep what they promise."""


def unbroken(engine: sa.Engine, index: ItemIndex) -> tuple[Transactions, ItemIndex]:
    return sql_transactions(engine), index


class Rehearsal:
    """One history, its stores, and consumers that come and go."""

    def __init__(self, folder: Path, *, parts: Break = unbroken) -> None:
        replayed = {f"{kind}-{number}": 1 for kind in TopicKind for number in range(PARTITIONS)}
        self._log = MemoryLog({**dict.fromkeys(TopicKind, PARTITIONS), **replayed})
        self._engine = database.open_database(f"sqlite:///{folder / 'rehearsal.db'}")
        database.upgrade(self._engine)
        self._archive = folder / "archive"
        self._index = ExactIndex("rehearsal", dims=DIMS)
        self._dead = MemoryDeadLetters()
        self._landed: list[Landed] = []
        self._parts = parts

    def send(self, records: Sequence[Sent]) -> None:
        for sent in records:
            # A partition of its own choice is a topic of one partition here.
            topic = sent.topic_kind if sent.partition is None else f"{sent.topic_kind}-{sent.partition}"
            record = self._log.append(topic, sent.key, sent.value, sent.headers)
            self._landed.append(Landed(sent, Place(record.partition, record.position)))

    def live(self, *, batch_records: int, point: Point | None = None, nth: int = 1) -> None:
        """Until it dies at the point, or has read everything."""
        with suppress(Died):
            self._consumer(batch_records, _dying_at(point, nth)).run()

    def differences(self, found: Found | None = None) -> list[str]:
        """Of what was found; None: of what is there."""
        return differences(expected(self._landed), found or self.found(), self._landed, ENCODER)

    def found(self) -> Found:
        dead = [
            Buried(Place(one.record.partition, one.record.position), one.record.key, one.record.value, one.reason)
            for one in self._dead.letters
        ]
        archived = read_archive(self._engine, self._archive)
        return Found(read_sql(self._engine), read_index(self._index), dead, archived)

    def close(self) -> None:
        self._engine.dispose()

    def _consumer(self, batch_records: int, passing: Passing) -> Consumer:
        transactions, index = self._parts(self._engine, watched_index(self._index, passing))
        target = Target(GenerationId("rehearsal"), ENCODER, index)
        consumer = assemble(
            engine=self._engine,
            open_source=lambda start: MemorySource(self._log, start),
            targets=lambda: [target],
            dead_letters=self._dead,
            archive=an_archive(),
            limits=Limits(batch_records=batch_records, batch_seconds=0),
            clock_ms=lambda: NOW_MS,
            wait=_briefly(),
            transactions=transactions,
        )
        return watched_consumer(rolling(consumer, self._engine, self._archive, passing), passing)


def rehearse(
    folder: Path,
    history: Sequence[Sent],
    *,
    deaths: int,
    seed: int,
    points: Sequence[Point] = tuple(Point),
    parts: Break = unbroken,
) -> list[str]:
    """The differences after deaths at random points, each in batches that are cut otherwise, and a last life."""
    random, stage = Random(seed), Rehearsal(folder, parts=parts)
    portion = len(history) // (deaths + 1)
    for number in range(deaths):
        stage.send(history[number * portion : (number + 1) * portion])
        # Small batches most of the time: where a batch is cut is where half of something is done.
        batch = 1 + int(portion * random.random() ** 3)
        stage.live(batch_records=batch, point=random.choice(points), nth=random.randint(1, 3))
    stage.send(history[deaths * portion :])
    stage.live(batch_records=portion)
    found = stage.differences()
    stage.close()
    return found


def _briefly() -> Callable[[float], None]:
    """Writes may be paced. A store that is down would be waited for without end; here none ever is."""
    waits = count()

    def wait(seconds: float) -> None:
        if next(waits) > WAITS_MAX:
            raise AssertionError("a store in memory was waited for: see the log for the reason")

    return wait


def _dying_at(point: Point | None, nth: int) -> Passing:
    left = nth

    def passing(reached: Point) -> None:
        nonlocal left
        left -= reached is point
        if left == 0:
            raise Died

    return passing
