"""Stores, topics, and the two programs between a producer and an answer."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from benchmarks.hashing_encoder import HashingEncoder
from benchmarks.live_generation import make_live
from benchmarks.processes import SPAWN, running, told_to_stop
from benchmarks.stores import throwaway_database, throwaway_milvus
from benchmarks.topics import throwaway_topic
from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.events import ItemUpserted
from multigrain.features.state_reader import open_state_reader
from multigrain.index import specs
from multigrain.index.item_rows import item_rows
from multigrain.index.milvus import MilvusStore
from multigrain.registry.sql import SqlRegistry, wall_clock_ms
from multigrain.settings import KafkaSettings, ServerSettings, Settings
from multigrain.types import Item, ItemId

DIMS = 64
ITEMS = 20_000
PARTITIONS = 4
WRITE_AT_ONCE = 5_000
START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Street:
    """Where everything is; it goes to the other processes."""

    settings: Settings
    bootstrap: str
    kafka: KafkaSettings
    database_url: str

    def indexes(self) -> MilvusStore:
        token = self.settings.milvus.token
        return MilvusStore(self.settings.milvus_uri, token=token.get_secret_value() if token else None)


@contextmanager
def open_street(settings: Settings, bootstrap: str, say: Callable[[str], None]) -> Iterator[Street]:
    """A database, topics and a live generation of ITEMS items, gone afterwards."""
    with (
        throwaway_database(settings) as engine,
        throwaway_milvus(settings) as indexes,
        throwaway_topic(bootstrap, partitions=PARTITIONS) as items,
        throwaway_topic(bootstrap, partitions=PARTITIONS) as behavior,
    ):
        collection = f"bench_{uuid.uuid4().hex[:8]}"
        index = indexes.create(collection, dims=DIMS, spec=specs.Flat())
        try:
            catalogue, encoder = SqlCatalogue(engine), HashingEncoder(DIMS)
            for start in range(0, ITEMS, WRITE_AT_ONCE):
                say(f"writing items, {start:,} of {ITEMS:,}")
                changes = catalogue.apply([upsert(number, version=1) for number in range(start, start + WRITE_AT_ONCE)])
                stored = [change.stored for change in changes if change.stored]
                index.upsert(item_rows(stored, encoder.encode_items([one.item for one in stored])))
            index.finish()
            make_live(
                engine,
                "g-bench",
                bundle_id=HashingEncoder.bundle_id,
                bundle_path="none",
                collection=collection,
                spec=specs.Flat(),
                dims=DIMS,
            )
            topics = {"items_topic": items, "behavior_topic": behavior, "group": items}
            kafka = settings.kafka.model_copy(update=topics)
            yield Street(settings, bootstrap, kafka, engine.url.render_as_string(hide_password=False))
        finally:
            index.drop()


@contextmanager
def running_stream(street: Street) -> Iterator[None]:
    """The consumer, until the block ends."""
    with running(SPAWN.Process(target=_stream, args=(street,))):
        yield


@contextmanager
def running_server(street: Street) -> Iterator[str]:
    """The server, until the block ends; gives its address."""
    ours, theirs = SPAWN.Pipe()
    with running(SPAWN.Process(target=_serve, args=(street, theirs))):
        if not ours.poll(START_SECONDS):
            raise TimeoutError(f"the server did not start within {START_SECONDS:.0f} s")
        yield ours.recv()


def upsert(number: int, *, version: int) -> ItemUpserted:
    """One item. Another version has another title, so it is embedded again."""
    item = Item(
        item_id=ItemId(f"sku-{number:07d}"),
        title=f"brand{number % 40} leaf{number % 50} running shoes number {number} edition {version}",
        brand=f"brand{number % 40}",
        category_path=(f"top{number % 5}", f"leaf{number % 50}"),
        shop=f"shop-{number % 300}",
        price=float(number % 500),
        stock=10,
        source_version=version,
    )
    return ItemUpserted(event_id=f"up-{number}-{version}", at_ms=wall_clock_ms(), item=item)


def _stream(street: Street) -> None:
    from streaming.app import assemble, limits_of
    from streaming.dead_letters.memory import MemoryDeadLetters
    from streaming.sources.kafka import KafkaSource
    from streaming.targets import FedGenerations

    stop = told_to_stop()
    engine = database.open_database(street.database_url, pool_size=street.settings.database.pool_size)
    topics = (street.kafka.items_topic, street.kafka.behavior_topic)
    consumer = assemble(
        engine=engine,
        open_source=lambda start: KafkaSource(street.bootstrap, group=street.kafka.group, topics=topics, start=start),
        targets=FedGenerations(SqlRegistry(engine), street.indexes, lambda path: HashingEncoder(DIMS)),
        dead_letters=MemoryDeadLetters(),
        limits=limits_of(street.kafka),
        wait=stop.wait,
    )
    try:
        consumer.run_forever(stop)
    finally:
        consumer.close()


def _serve(street: Street, told: Connection) -> None:
    from server.app import assemble
    from server.generations.loading import bring_up
    from server.understanding.tagger import Tagger

    stop = told_to_stop()
    engine = database.open_database(street.database_url, pool_size=street.settings.database.pool_size)
    indexes = street.indexes()
    server = assemble(
        ServerSettings(port=0, registry_poll_ms=street.settings.server.registry_poll_ms),  # type: ignore[call-arg]
        registry=SqlRegistry(engine),
        catalogue=SqlCatalogue(engine),
        states=open_state_reader(engine),
        load=lambda generation: bring_up(generation, HashingEncoder(DIMS), indexes, Tagger(())),
    )
    server.start()
    told.send(server.address)
    stop.wait()
    server.stop()
