"""A shop in one process: SQLite, Milvus Lite, a log in memory with its consumer, and the gRPC server on loopback.

The same parts, joined by the same functions as the real programs; what differs is the log and where the stores live.
"""

import functools
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from multigrain import database
from multigrain.bundle import open_bundle
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.client import Client
from multigrain.encoder import Encoder, load_encoder
from multigrain.events import Event
from multigrain.features.state_reader import open_state_reader
from multigrain.index.milvus import MilvusStore
from multigrain.registry.sql import SqlRegistry
from multigrain.settings import Settings
from server.app import assemble as assemble_server
from server.generations.loading import loader
from streaming.app import assemble as assemble_consumer
from streaming.app import limits_of
from streaming.consumer import Consumer
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.encode import TopicKind, encode_binary
from streaming.sources.memory import MemoryLog, MemorySource
from streaming.targets import FedGenerations

UNGUARDED = {"tls_cert": None, "tls_key": None, "tls_client_ca": None, "tokens_file": None, "client_rate": 0}
"""The demo's server listens on loopback to the demo alone; what protects the real one is not its business."""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Shop:
    """Everything that runs during the demo. `close` stops all of it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine = database.open_database(settings.database_url)
        database.upgrade(self.engine)
        self.catalogue = SqlCatalogue(self.engine)
        self.registry = SqlRegistry(self.engine, clock=now_ms)
        # One store for all: a Milvus Lite file has one owner.
        self.indexes = MilvusStore(settings.milvus_uri, timeout_seconds=settings.milvus.timeout_seconds)
        self.dead_letters = MemoryDeadLetters()
        kafka = settings.kafka
        self._topics = {TopicKind.ITEMS: kafka.items_topic, TopicKind.BEHAVIOR: kafka.behavior_topic}
        self._log = MemoryLog(dict.fromkeys(self._topics.values(), 1))
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._targets = FedGenerations(self.registry, lambda: self.indexes, encoder_of)
        self.consumer = self._make_consumer()
        self.server = assemble_server(
            settings.server.model_copy(update=UNGUARDED),
            registry=self.registry,
            catalogue=self.catalogue,
            states=open_state_reader(self.engine),
            load=loader(self.indexes),
        )

    def _make_consumer(self) -> Consumer:
        return assemble_consumer(
            engine=self.engine,
            open_source=lambda start: MemorySource(self._log, start),
            targets=self._targets,
            dead_letters=self.dead_letters,
            limits=limits_of(self.settings.kafka),
            wait=self._stop.wait,
        )

    def publish(self, event: Event) -> None:
        """What a shop's own systems do: the event's bytes onto its topic."""
        record = encode_binary(event)
        self._log.append(self._topics[record.topic_kind], record.key, record.value, record.headers)

    def take_in(self, events: Iterable[Event], tell: Callable[[int], None], *, at_once: int = 2000) -> int:
        """Publishes and consumes all of these before it returns; for the history that is there when the demo begins."""
        count = 0
        for event in events:
            self.publish(event)
            count += 1
            if count % at_once == 0:
                self.consumer.run()
                tell(count)
        self.consumer.run()
        return count

    def open(self) -> Client:
        """Starts the server and the consumer's loop; returns a client that has seen it serve."""
        # A consumer that starts beside a live generation loads its towers with the first change of an item; here the
        # scenes begin at once, so it is done before.
        self._targets()
        self._thread = threading.Thread(target=self.consumer.run_forever, args=(self._stop,), name="consumer")
        self._thread.start()
        self.server.start()
        client = Client(self.server.address)
        client.wait_until_serving(60)
        return client

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self.server.stop()
        with suppress(Exception):  # the demo is over: nothing is lost if Milvus Lite does not go quietly
            self.indexes.close()
        self.engine.dispose()


@functools.cache
def encoder_of(path: Path) -> Encoder:
    """The encoder of a bundle, loaded once in this process."""
    return load_encoder(open_bundle(path))
