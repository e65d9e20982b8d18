"""`multigrain bench stream`: behaviour events through the consumer to committed rows and states, against bare inserts;
and, where a broker is set, through Kafka, by one consumer and by several, against consuming without handlers.

The target is for a shop's mixture: 100,000 users, all of whom have a state, come as Zipf's law has it, so a batch holds
few events each of many. From memory, the mixture where every batch holds the same 500 users stands beside it.
"""

import gc
import itertools
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import sqlalchemy as sa

from benchmarks.bench import Bench, Size
from benchmarks.group import open_group
from benchmarks.limits.sql_insert import insert_rows_per_second
from benchmarks.shoppers import user_id_of, write_states, zipf
from benchmarks.stores import store_name, throwaway_database
from benchmarks.topics import produce, throwaway_topic
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.events import Clicked, Event, ItemUpserted, Searched
from multigrain.figures import Figure
from multigrain.settings import Settings
from multigrain.types import Int64s, Item, ItemId
from streaming.app import assemble
from streaming.consumer import Consumer, Limits
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.encode import encode_binary
from streaming.sources.memory import MemoryLog, MemorySource

ROUNDS = 3
USERS = 100_000
FEW_USERS = 500
ITEMS = 5_000
PARTITIONS = 4
MEMBERS = 2
EVENTS = {Size.SMALL: 15_000, Size.ONE_MILLION: 1_000_000}
TARGET_PER_SECOND = 8_000
START_MS = 1_793_880_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Whose events follow one another."""

    name: str
    users: Callable[[int], Int64s]
    """How many events -> the number of each one's user."""
    target: float | None
    """Events a second; None: no target."""


MIXTURES = (
    Mixture(
        name=f"Zipf over {USERS:,} users",
        users=lambda count: zipf(USERS, count, np.random.default_rng(0)),
        target=TARGET_PER_SECOND,
    ),
    Mixture(name=f"{FEW_USERS} users in turn", users=lambda count: np.arange(count) % FEW_USERS, target=None),
)


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    count, batch = EVENTS[size], settings.kafka.batch_records
    with throwaway_database(settings) as engine:
        say("bare inserts")
        limit = median(insert_rows_per_second(engine, batch=batch))
        _fill(engine, say)
        figures, clock = [], itertools.count(START_MS)
        for mixture in MIXTURES:
            say(f"{count:,} events from memory, {mixture.name}")
            rates = [_from_memory(engine, mixture, count, batch, clock) for _ in range(ROUNDS)]
            name = f"behaviour events to committed rows and states, {mixture.name}, {store_name(engine)}"
            figures.append(
                Figure.of(
                    name,
                    rates,
                    "events/s",
                    target=mixture.target,
                    at_most=False,
                    limit=limit,
                    limit_name="bare inserts",
                )
            )
        if settings.kafka.bootstrap:
            figures += _through_kafka(settings.kafka.bootstrap, engine, count, batch, clock, say)
    return figures


def _fill(engine: sa.Engine, say: Callable[[str], None]) -> None:
    """The catalogue, and what the users did before."""
    say(f"writing {ITEMS:,} items")
    catalogue = SqlCatalogue(engine)
    for start in range(0, ITEMS, 1_000):
        catalogue.apply([_upsert(number) for number in range(start, start + 1_000)])
    write_states(engine, USERS, behaviors=20, before_ms=START_MS, say=say)


def _from_memory(engine: sa.Engine, mixture: Mixture, count: int, batch: int, clock: Iterator[int]) -> float:
    topic = f"bench-{uuid.uuid4().hex[:8]}"
    log = MemoryLog({topic: PARTITIONS})
    for event in _events(mixture, count, clock, prefix=topic):
        record = encode_binary(event)
        log.append(topic, record.key, record.value, record.headers)
    consumer = assemble(
        engine=engine,
        open_source=lambda start: MemorySource(log, start),
        targets=lambda: (),
        dead_letters=MemoryDeadLetters(),
        limits=Limits(batch_records=batch, batch_seconds=0.01),
        clock_ms=lambda: next(clock),
    )
    try:
        return _rate(consumer, count)
    finally:
        consumer.close()


def _through_kafka(
    bootstrap: str, engine: sa.Engine, count: int, batch: int, clock: Iterator[int], say: Callable[[str], None]
) -> list[Figure]:
    from benchmarks.limits.kafka_roundtrip import produce_and_consume

    say("Kafka without handlers")
    _, limit = produce_and_consume(bootstrap, records=count)
    mixture, ways = MIXTURES[0], {"one consumer": _from_kafka, f"{MEMBERS} consumers of one group": _of_members}
    figures = []
    for name, rates_of in ways.items():
        say(f"{count:,} events from Kafka, {name}")
        figures.append(
            Figure.of(
                f"the same from Kafka, {name}, {mixture.name}, {store_name(engine)}",
                rates_of(bootstrap, engine, mixture, count, batch, clock),
                "events/s",
                target=mixture.target,
                at_most=False,
                limit=limit,
                limit_name="bare consume",
            )
        )
    return figures


def _of_members(
    bootstrap: str, engine: sa.Engine, mixture: Mixture, count: int, batch: int, clock: Iterator[int]
) -> list[float]:
    """One rate a round."""
    url = engine.url.render_as_string(hide_password=False)
    with (
        throwaway_topic(bootstrap, partitions=PARTITIONS) as topic,
        open_group(
            MEMBERS, database_url=url, bootstrap=bootstrap, topic=topic, partitions=PARTITIONS, batch=batch
        ) as group,
    ):

        def rate(name: str, events: int) -> float:
            produce(bootstrap, topic, _events(mixture, events, clock, prefix=f"{topic}-{name}"))
            return events / group.seconds_for(events)

        rate("first", count // 10)  # who was given partitions while it waited takes them up only now
        return [rate(str(number), count) for number in range(ROUNDS)]


def _from_kafka(
    bootstrap: str, engine: sa.Engine, mixture: Mixture, count: int, batch: int, clock: Iterator[int]
) -> list[float]:
    """One rate a round, of a consumer that has joined its group: that takes the broker three seconds, once."""
    from streaming.sources.kafka import KafkaSource

    with throwaway_topic(bootstrap, partitions=PARTITIONS) as topic:
        produce(bootstrap, topic, _events(mixture, 1, clock, prefix=f"{topic}-first"))
        consumer = assemble(
            engine=engine,
            open_source=lambda start: KafkaSource(bootstrap, group=topic, topics=(topic,), start=start),
            targets=lambda: (),
            dead_letters=MemoryDeadLetters(),
            limits=Limits(batch_records=batch, batch_seconds=0.05),
            clock_ms=lambda: next(clock),
        )
        try:
            _rate(consumer, 1)
            rates = []
            for number in range(ROUNDS):
                produce(bootstrap, topic, _events(mixture, count, clock, prefix=f"{topic}-{number}"))
                rates.append(_rate(consumer, count))
            return rates
        finally:
            consumer.close()


def _rate(consumer: Consumer, count: int) -> float:
    """Events a second. Raises RuntimeError when not every event was taken: a rate of lost events is worth nothing."""
    before = consumer.progress.events
    # What this bench made up so far is none of the consumer's: its garbage collection need not look through it.
    gc.freeze()
    started = time.perf_counter()
    progress = consumer.run()
    seconds = time.perf_counter() - started
    if progress.events - before != count:
        raise RuntimeError(
            f"{progress.events - before:,} of {count:,} events were taken, {progress.dead_letters:,} dead letters"
        )
    return count / seconds


def _events(mixture: Mixture, count: int, clock: Iterator[int], prefix: str) -> Iterator[Event]:
    """One search for every four clicks, each later than all before."""
    for number, user in enumerate(mixture.users(count).tolist()):
        event_id, user_id, at_ms = f"{prefix}-{number}", user_id_of(user), next(clock)
        if number % 5 == 0:
            yield Searched(event_id=event_id, at_ms=at_ms, user_id=user_id, search_id=event_id, query="running shoes")
        else:
            item_id = ItemId(f"sku-{number * 7919 % ITEMS}")
            yield Clicked(event_id=event_id, at_ms=at_ms, user_id=user_id, item_id=item_id)


def _upsert(number: int) -> ItemUpserted:
    item = Item(
        item_id=ItemId(f"sku-{number}"),
        title=f"running shoes {number}",
        brand=f"brand{number % 30}",
        category_path=(f"top{number % 5}", f"leaf{number % 20}"),
        shop=f"shop-{number % 30}",
        price=float(number % 500),
        stock=10,
        source_version=1,
    )
    return ItemUpserted(event_id=f"up-{number}", at_ms=START_MS, item=item)


BENCH = Bench(
    name="stream",
    summary="events through the consumer, against bare inserts and bare Kafka",
    sizes=tuple(EVENTS),
    run=_run,
)
