"""Where the stream's parts are joined: real ones from the settings, or whatever parts the caller has."""

import functools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import Encoder
from multigrain.errors import InvalidConfig, StoreUnavailable
from multigrain.features.sql import SqlFeatureStore
from multigrain.index.item_index import IndexStore
from multigrain.registry.sql import SqlRegistry, wall_clock_ms
from multigrain.settings import KafkaSettings, Settings
from streaming.chores import Chores, chores_of
from streaming.commit import StreamPositions
from streaming.consumer import Consumer, Limits
from streaming.dead_letter import DEAD_SUFFIX, DeadLetters
from streaming.dead_letters.file import FileDeadLetters
from streaming.handlers import HANDLERS
from streaming.handlers.behavior import BehaviorHandler
from streaming.handlers.handler import Archive, Handler, Stores, Transactions
from streaming.handlers.items import ItemsHandler
from streaming.lost_records import Skip, stop
from streaming.pacing import Pace
from streaming.source import Source, Start
from streaming.sources.file import FileSource
from streaming.targets import FedGenerations, Targets

OpenSource = Callable[[Start], Source]


@dataclass(frozen=True, slots=True)
class Stream:
    """A consumer, and what is done beside it while it runs for ever."""

    consumer: Consumer
    chores: Chores

    def close(self) -> None:
        try:
            self.chores.stop()
        finally:
            self.consumer.close()


def build_stream(
    settings: Settings, *, file: Path | None = None, wait: Callable[[float], object] = time.sleep
) -> Stream:
    """A consumer of the broker that the settings name, or of an events file; into the stores that they name. Its chores
    are not started: a file is over before any is due.

    `wait` is slept with while a store is down: give the `wait` of the flag that stops the consumer.
    """
    engine = database.open_database(settings.database_url, pool_size=settings.database.pool_size)
    _require_schema(engine)
    targets = FedGenerations(SqlRegistry(engine), functools.cache(lambda: _open_milvus(settings)), _load_encoder)
    archive = _archive(settings)
    if file is None:
        consumer = _kafka_consumer(settings.kafka, engine, targets, archive, wait)
    else:
        consumer = assemble(
            engine=engine,
            open_source=lambda start: FileSource(file, start),
            targets=targets,
            dead_letters=FileDeadLetters(file.with_name(file.name + DEAD_SUFFIX)),
            archive=archive,
            limits=limits_of(settings.kafka),
            wait=wait,
        )
    return Stream(consumer, chores_of(settings, engine, targets))


def assemble(
    *,
    engine: sa.Engine,
    open_source: OpenSource,
    targets: Targets,
    dead_letters: DeadLetters,
    archive: Archive | None = None,
    limits: Limits | None = None,
    clock_ms: Callable[[], int] = wall_clock_ms,
    wait: Callable[[float], object] = time.sleep,
    transactions: Transactions | None = None,
) -> Consumer:
    """A consumer of these parts. `archive`: None keeps nothing for training. `transactions`: None opens them on
    `engine`.
    """
    positions = StreamPositions(engine)
    members: dict[type[ItemsHandler | BehaviorHandler], Handler] = {
        ItemsHandler: ItemsHandler(SqlCatalogue(engine), targets, Pace(wait)),
        BehaviorHandler: BehaviorHandler(archive),
    }
    return Consumer(
        source=open_source(positions.take_up),
        positions=positions,
        transactions=transactions or sql_transactions(engine),
        handlers={event: members[handler] for event, handler in HANDLERS.items()},
        dead_letters=dead_letters,
        limits=limits or Limits(),
        clock_ms=clock_ms,
        wait=wait,
        random=random.Random(),
    )


def sql_transactions(engine: sa.Engine) -> Transactions:
    """Transactions on this engine, each with its stores."""

    @contextmanager
    def open_one() -> Iterator[Stores]:
        with database.writing(engine) as connection:
            yield Stores(connection, SqlCatalogue(connection), SqlFeatureStore(connection))

    return open_one


def limits_of(settings: KafkaSettings) -> Limits:
    return Limits(
        batch_records=settings.batch_records,
        batch_seconds=settings.batch_ms / 1000,
        dead_letter_run=settings.dead_letter_run,
        dead_letter_ratio=settings.dead_letter_ratio,
    )


def _kafka_consumer(
    settings: KafkaSettings,
    engine: sa.Engine,
    targets: Targets,
    archive: Archive | None,
    wait: Callable[[float], object],
) -> Consumer:
    # Only here: an events file must not need the Kafka client.
    from streaming.dead_letters.kafka import KafkaDeadLetters
    from streaming.sources.kafka import KafkaSource

    bootstrap = settings.bootstrap
    if bootstrap is None:
        raise InvalidConfig("kafka.bootstrap", "is not set", cure="set it to host:port, or stream an events file")
    topics = (settings.items_topic, settings.behavior_topic)
    return assemble(
        engine=engine,
        open_source=lambda start: KafkaSource(
            bootstrap,
            group=settings.group,
            topics=topics,
            start=start,
            also_required=[topic + DEAD_SUFFIX for topic in topics],
            when_lost=Skip(engine) if settings.on_lost_records == "skip" else stop,
            stall_seconds=settings.stall_seconds,
        ),
        targets=targets,
        dead_letters=KafkaDeadLetters(bootstrap),
        archive=archive,
        limits=limits_of(settings),
        wait=wait,
    )


def _require_schema(engine: sa.Engine) -> None:
    state = database.check(engine)
    if not state.up_to_date:
        raise StoreUnavailable(
            f"the SQL schema is at {state.current or 'nothing'}, {state.newest} is needed: run `multigrain db upgrade`"
        )


def _archive(settings: Settings) -> Archive | None:
    if settings.archive.dir is None:
        return None
    from streaming.archive.staged import StagedArchive  # Arrow, which a stream without an archive does not need

    return StagedArchive(wall_clock_ms)


def _open_milvus(settings: Settings) -> IndexStore:
    from multigrain.index.milvus import MilvusStore

    token = settings.milvus.token.get_secret_value() if settings.milvus.token else None
    return MilvusStore(settings.milvus_uri, token=token, timeout_seconds=settings.milvus.timeout_seconds)


def _load_encoder(path: Path) -> Encoder:
    from multigrain.bundle import open_bundle
    from multigrain.encoder import load_encoder

    return load_encoder(open_bundle(path))
