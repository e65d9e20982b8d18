"""`multigrain bench stream-items`: item events through the consumer, from the broker that is set, else from memory. New
prices and stocks to committed rows; and whole items, every title changed, through an item tower of the paper's size
into the index and the catalogue.

Beside the second figure stand the tower alone and the index alone, so it can be seen which of them it waits for.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from benchmarks.bench import Bench, Size, seconds_of
from benchmarks.paper_bundle import make_paper_bundle
from benchmarks.stores import store_name, throwaway_database, throwaway_milvus
from benchmarks.topics import produce, throwaway_topic
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import Encoder, load_encoder
from multigrain.events import Event, ItemPatched, ItemUpserted
from multigrain.figures import Figure
from multigrain.index.item_index import ItemIndex
from multigrain.index.item_rows import item_rows
from multigrain.index.specs import Flat
from multigrain.settings import Settings
from multigrain.types import GenerationId, Item
from streaming.app import OpenSource, assemble
from streaming.consumer import Consumer, Limits
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.encode import encode_binary
from streaming.sources.memory import MemoryLog, MemorySource
from streaming.targets import Target

ROUNDS = 3
PARTITIONS = 4
PATCHES = {Size.SMALL: 10_000, Size.ONE_MILLION: 1_000_000}
UPSERTS = {Size.SMALL: 2_000, Size.ONE_MILLION: 100_000}
AT_ONCE = 500
TABLE_ROWS = 65_536
PATCHES_TARGET, UPSERTS_TARGET = 5_000, 800
START_MS = 1_793_880_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    """Where the events come from."""

    name: str
    send: Callable[[Iterator[Event]], int]
    """Appends them; returns how many they were."""
    open_source: OpenSource


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    with TemporaryDirectory() as folder, throwaway_database(settings) as engine, throwaway_milvus(settings) as indexes:
        say("making a bundle of the paper's size")
        paper = make_paper_bundle(Path(folder) / "bundle", item_rows=TABLE_ROWS)
        encoder = load_encoder(paper.bundle)
        index = indexes.create(f"bench_{uuid.uuid4().hex[:8]}", dims=encoder.dims, spec=Flat())
        try:
            with _log(settings.kafka.bootstrap) as log:
                say("stocking the shop")
                limits = Limits(batch_records=settings.kafka.batch_records, batch_seconds=0.05)
                shop = _Shop(engine, encoder, index, paper.items, log, limits)
                return _measure(shop, size, say, stores=f"{store_name(engine)}, {indexes.describe()}, {log.name}")
        finally:
            index.drop()


@contextmanager
def _log(bootstrap: str | None) -> Iterator[_Log]:
    if bootstrap is None:
        memory = MemoryLog({"items": PARTITIONS})
        yield _Log(
            name="from memory",
            send=lambda events: sum(_append(memory, event) for event in events),
            open_source=lambda start: MemorySource(memory, start),
        )
        return
    from streaming.sources.kafka import KafkaSource

    with throwaway_topic(bootstrap, partitions=PARTITIONS) as topic:
        yield _Log(
            name="from Kafka",
            send=lambda events: produce(bootstrap, topic, events),
            open_source=lambda start: KafkaSource(bootstrap, group=topic, topics=(topic,), start=start),
        )


def _append(log: MemoryLog, event: Event) -> int:
    record = encode_binary(event)
    log.append("items", record.key, record.value, record.headers)
    return 1


class _Shop:
    """A catalogue of these items, their index, and a stream that changes them."""

    def __init__(
        self, engine: sa.Engine, encoder: Encoder, index: ItemIndex, items: Sequence[Item], log: _Log, limits: Limits
    ) -> None:
        self.encoder, self.index, self.items = encoder, index, items
        self.catalogue = SqlCatalogue(engine)
        self._log = log
        self._version = max(item.source_version for item in items)
        self.consumer: Consumer = assemble(
            engine=engine,
            open_source=log.open_source,
            targets=lambda: (Target(GenerationId("bench"), encoder, index),),
            dead_letters=MemoryDeadLetters(),
            limits=limits,
            clock_ms=lambda: START_MS,
        )
        self.stream(ItemUpserted(event_id=item.item_id, at_ms=START_MS, item=item) for item in items)
        index.finish()

    def patches(self, count: int) -> Iterator[Event]:
        """A new price and a new stock for every item in turn."""
        for number in range(count):
            item, version = self.items[number % len(self.items)], self._next_version()
            yield ItemPatched(
                event_id=f"patch-{version}",
                at_ms=START_MS,
                item_id=item.item_id,
                source_version=version,
                price=float(version),
                stock=version,
            )

    def retitled(self, count: int) -> Iterator[Event]:
        """Every item in turn, whole, under another title."""
        for number in range(count):
            item, version = self.items[number % len(self.items)], self._next_version()
            changed = replace(item, title=f"{item.title} {version}", source_version=version)
            yield ItemUpserted(event_id=f"up-{version}", at_ms=START_MS, item=changed)

    def stream(self, events: Iterator[Event]) -> float:
        """Events a second, until all of them are committed. Raises RuntimeError when one was not taken."""
        before, sent = self.consumer.progress.events, self._log.send(events)
        [seconds] = seconds_of(self.consumer.run, repeats=1, warmups=0)
        taken = self.consumer.progress.events - before
        if taken != sent:
            raise RuntimeError(f"{taken:,} of {sent:,} events were taken")
        return sent / seconds

    def _next_version(self) -> int:
        self._version += 1
        return self._version


def _measure(shop: _Shop, size: Size, say: Callable[[str], None], *, stores: str) -> Sequence[Figure]:
    try:
        say(f"{PATCHES[size]:,} patches")
        patched = [shop.stream(shop.patches(PATCHES[size])) for _ in range(ROUNDS)]
        say(f"{UPSERTS[size]:,} whole items")
        embedded = [shop.stream(shop.retitled(UPSERTS[size])) for _ in range(ROUNDS)]
    finally:
        shop.consumer.close()
    say("the tower alone, the index alone")
    tower, index = _tower_alone(shop), _index_alone(shop)
    return (
        Figure.of(
            f"patches of price and stock to committed rows: {stores}",
            patched,
            "events/s",
            target=PATCHES_TARGET,
            at_most=False,
        ),
        Figure.of(
            f"whole items, embedded again, into catalogue and index: {stores}",
            embedded,
            "events/s",
            target=UPSERTS_TARGET,
            at_most=False,
            limit=median(index),
            limit_name="the index alone",
        ),
        Figure.of(f"the item tower alone, {AT_ONCE} at once", tower, "items/s"),
        Figure.of(f"the index alone, {AT_ONCE} at once", index, "rows/s"),
    )


def _tower_alone(shop: _Shop) -> list[float]:
    items = shop.items[:AT_ONCE]
    return [AT_ONCE / seconds for seconds in seconds_of(lambda: shop.encoder.encode_items(items), repeats=ROUNDS)]


def _index_alone(shop: _Shop) -> list[float]:
    stored = shop.catalogue.numbered(1, AT_ONCE + 1)
    rows = item_rows(stored, shop.encoder.encode_items([one.item for one in stored]))
    return [len(rows) / seconds for seconds in seconds_of(lambda: shop.index.upsert(rows), repeats=ROUNDS)]


BENCH = Bench(
    name="stream-items",
    summary="item events through the consumer, with a tower of the paper's size, against the tower and the index alone",
    sizes=tuple(PATCHES),
    run=_run,
)
