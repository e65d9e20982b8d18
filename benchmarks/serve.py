"""`multigrain bench serve`: one Retrieve after the other, against a bare gRPC echo of such a reply and the bare search.

Server and client share this process, and the encoder has no model in it: what is measured is the path around both.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median

import sqlalchemy as sa

from benchmarks.bench import Bench, Size, seconds_of
from benchmarks.hashing_encoder import HashingEncoder
from benchmarks.limits.grpc_echo import echo_seconds
from benchmarks.stores import store_name, throwaway_database, throwaway_milvus
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.client import Client, retrieve_message
from multigrain.events import ItemUpserted
from multigrain.features.sql import SqlFeatureStore
from multigrain.features.state_reader import open_state_reader
from multigrain.features.windows import Windows
from multigrain.figures import Figure
from multigrain.index import specs
from multigrain.index.item_index import IndexStore
from multigrain.index.item_rows import item_rows
from multigrain.index.planner import plan
from multigrain.key_terms import KeyTerm, TermKind
from multigrain.registry.generation import Evaluated, Generation, GenerationState
from multigrain.registry.memory import MemoryRegistry
from multigrain.settings import ServerSettings, Settings
from multigrain.types import Action, Behavior, GenerationId, Item, ItemId, UserId
from server.app import assemble
from server.loading import bring_up
from server.understanding.tagger import Tagger

DIMS = 64
ITEMS = {Size.SMALL: 5_000, Size.ONE_MILLION: 1_000_000}
LIMITS = (100, 1_000)
CALLS = 60
WARMUPS = 10
NOTHING = Windows()
BRANDS, LEAVES, USERS = 40, 50, 100
WRITE_AT_ONCE = 5_000
QUERIES = ("running shoes leaf3", "brand7 leaf11", "red dress leaf20", "leaf42", "brand1 black")
TERMS = tuple(
    KeyTerm(kind=TermKind.BRAND, value=f"brand{n}", words=(f"brand{n}",), confidence=0.95) for n in range(BRANDS)
)


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    with throwaway_database(settings) as engine, throwaway_milvus(settings) as indexes:
        lite = not settings.milvus.uri or "://" not in settings.milvus.uri
        with _served(engine, indexes, ITEMS[size], say, lite=lite) as served:
            place = f"{store_name(engine)}, {indexes.describe().split(' in ')[0].split(' at ')[0]}"
            figures: list[Figure] = []
            for limit in LIMITS:
                say(f"Retrieve, limit {limit:,}")
                figures += _measured(served, limit, f"{ITEMS[size]:,} items, {place}")
    return figures


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers, and the index beneath it."""

    client: Client
    search: Callable[[str, int], object]
    """The bare vector search for a text and a depth, as the server's vector channel does it."""


def _measured(served: Served, limit: int, where: str) -> list[Figure]:
    """Each Retrieve beside the bare search of the same query, so that a slow moment of the machine meets both."""
    whole, searches = [], []
    for number in range(CALLS + WARMUPS):
        query, user = QUERIES[number % len(QUERIES)], f"user-{number % USERS}"
        searches += seconds_of(partial(served.search, query, limit), repeats=1, warmups=0)
        whole += seconds_of(partial(served.client.retrieve, query, user, limit=limit), repeats=1, warmups=0)
    whole, searches = [s * 1e3 for s in whole[WARMUPS:]], [s * 1e3 for s in searches[WARMUPS:]]
    reply = served.client.retrieve(QUERIES[0], limit=limit)
    reply_bytes = sum(len(str(item_id)) + 2 for item_id in reply.item_ids) + 6 * len(reply)
    request_bytes = retrieve_message(QUERIES[0], limit=limit).ByteSize()
    echo = median(echo_seconds(request_bytes=request_bytes, reply_bytes=reply_bytes, calls=200)) * 1e3
    return [
        Figure.of(f"Retrieve, limit {limit:,}, {where}", whole, "ms", limit=median(searches), limit_name="bare search"),
        Figure.of(
            f"all but the search, limit {limit:,}",
            [one - search for one, search in zip(whole, searches, strict=True)],
            "ms",
            limit=echo,
            limit_name="gRPC echo",
        ),
    ]


@contextmanager
def _served(
    engine: sa.Engine, indexes: IndexStore, count: int, say: Callable[[str], None], *, lite: bool
) -> Iterator[Served]:
    encoder, catalogue = HashingEncoder(DIMS), SqlCatalogue(engine)
    spec = plan(count, DIMS, max(LIMITS), lite=lite).spec
    name = f"bench_{uuid.uuid4().hex[:8]}"
    index = indexes.create(name, dims=DIMS, spec=spec)
    try:
        for start in range(0, count, WRITE_AT_ONCE):
            say(f"writing items, {start:,} of {count:,}")
            events = [_upsert(number) for number in range(start, min(start + WRITE_AT_ONCE, count))]
            stored = [change.stored for change in catalogue.apply(events) if change.stored]
            index.upsert(item_rows(stored, encoder.encode_items([one.item for one in stored])))
        index.finish()
        features = SqlFeatureStore(engine)
        features.record([_behavior(number) for number in range(USERS * 20)], [])
        registry = MemoryRegistry(clock=_now_ms)
        generation = _generation(encoder, name, spec)
        registry.create(generation)
        registry.mark_ready(generation.generation_id, Evaluated())
        registry.promote(generation.generation_id, override="a bench evaluates nothing")
        server = assemble(
            ServerSettings(port=0, registry_poll_ms=100),  # type: ignore[call-arg]  # pydantic fills the rest
            registry=registry,
            catalogue=catalogue,
            states=open_state_reader(engine),
            load=lambda chosen: bring_up(chosen, encoder, indexes, Tagger(TERMS)),
        )
        server.start()
        try:
            with Client(server.address, timeout_seconds=30) as client:
                client.wait_until_serving(60)
                yield Served(
                    client,
                    lambda text, k: index.search(encoder.encode_queries([(text, NOTHING)]), k, timeout_seconds=30),
                )
        finally:
            server.stop()
    finally:
        index.drop()


def _upsert(number: int) -> ItemUpserted:
    brand, leaf = f"brand{number % BRANDS}", f"leaf{number % LEAVES}"
    item = Item(
        item_id=ItemId(f"sku-{number:07d}"),
        title=f"{brand} {leaf} running shoes black men number {number}",
        brand=brand,
        category_path=(f"top{number % 5}", leaf),
        shop=f"shop-{number % 300}",
        price=float(number % 500),
        stock=10,
        source_version=1,
    )
    return ItemUpserted(event_id=f"up-{number}", at_ms=_now_ms(), item=item)


def _behavior(number: int) -> Behavior:
    return Behavior(
        event_id=f"click-{number}",
        user_id=UserId(f"user-{number % USERS}"),
        item_id=ItemId(f"sku-{number:07d}"),
        action=Action.CLICK,
        at_ms=_now_ms() - number * 1000,
        brand=f"brand{number % BRANDS}",
        leaf_category=f"leaf{number % LEAVES}",
    )


def _generation(encoder: HashingEncoder, collection: str, spec: specs.IndexSpec) -> Generation:
    return Generation(
        generation_id=GenerationId("g-bench"),
        state=GenerationState.BUILDING,
        bundle_id=encoder.bundle_id,
        bundle_path="none",
        collection=collection,
        index_spec=specs.to_dict(spec),
        dims=DIMS,
        catalogue_revision=0,
        created_ms=_now_ms(),
        changed_ms=_now_ms(),
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


BENCH = Bench(
    name="serve", summary="Retrieve, against the bare search and a bare gRPC echo", sizes=tuple(ITEMS), run=_run
)
