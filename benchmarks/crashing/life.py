"""One life of a consumer, from its orders to its end. Everything in it is real.

It kills itself where its orders say, says `committed` after its first batch, and ends by itself when there is nothing
left to read.
"""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from benchmarks.crashing.archive import an_archive, rolling
from benchmarks.crashing.points import Passing, Point, watched_consumer, watched_index
from benchmarks.crashing.scene import ENCODER, Scene
from benchmarks.crashing.shop import START_MS
from multigrain import database
from multigrain.index.milvus import MilvusStore
from multigrain.types import GenerationId
from streaming.app import assemble
from streaming.consumer import Consumer, Limits
from streaming.dead_letters.kafka import KafkaDeadLetters
from streaming.sources.kafka import KafkaSource
from streaming.targets import Target

COMMITTED = "committed"
SESSION_SECONDS = 6.0
BATCH_SECONDS = 0.05
NOW_MS = START_MS + 86_400_000
"""The clock stands still: what a batch does must not hang on when it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a life is told. It travels as JSON, in a line on a pipe: addresses may hold passwords."""

    scene: Scene
    group: str
    batch_records: int
    point: Point | None = None
    """Where to die. None: nowhere."""
    nth: int = 1
    """At which passing of it."""

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        told = json.loads(text)
        point = told["point"]
        return cls(**{**told, "scene": Scene(**told["scene"]), "point": Point(point) if point else None})


class Doom:
    """Passes every point but the one."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._left = orders.nth
        self._has_committed = False

    def __call__(self, point: Point) -> None:
        if point is self._orders.point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        if point is Point.COMMITTED and not self._has_committed:
            self._has_committed = True
            print(COMMITTED, flush=True)


OpenConsumer = Callable[[Orders, Passing], AbstractContextManager[Consumer]]


@contextmanager
def real_consumer(
    orders: Orders, passing: Passing, *, wait: Callable[[float], object] = time.sleep
) -> Iterator[Consumer]:
    """A consumer of Kafka that writes PostgreSQL and Milvus, as `multigrain stream` puts it together."""
    scene = orders.scene
    engine = database.open_database(scene.database_url)
    store = MilvusStore(scene.milvus_uri, token=scene.milvus_token)
    target = Target(GenerationId(scene.name), ENCODER, watched_index(store.open(scene.name), passing))
    consumer = assemble(
        engine=engine,
        open_source=lambda start: KafkaSource(
            scene.bootstrap,
            group=orders.group,
            topics=scene.topics,
            start=start,
            also_required=scene.dead_topics,
            session_seconds=SESSION_SECONDS,
        ),
        targets=lambda: [target],
        dead_letters=KafkaDeadLetters(scene.bootstrap),
        archive=an_archive(),
        limits=Limits(batch_records=orders.batch_records, batch_seconds=BATCH_SECONDS),
        clock_ms=lambda: NOW_MS,
        wait=wait,
    )
    try:
        yield watched_consumer(rolling(consumer, engine, Path(scene.archive), passing), passing)
    finally:
        consumer.close()
        store.close()
        engine.dispose()


def live(orders: Orders, open_consumer: OpenConsumer = real_consumer) -> None:
    """Until there is nothing left, or until the orders say so."""
    with open_consumer(orders, Doom(orders)) as consumer:
        consumer.run()
