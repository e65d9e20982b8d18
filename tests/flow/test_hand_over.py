"""Bulk load and stream at once: whatever their order, the index ends as the catalogue is, and no batch is missed."""

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import sqlalchemy as sa

from multigrain.catalog.catalog import SqlCatalogue, StoredItem
from multigrain.errors import NotFound
from multigrain.events import Event, ItemPatched, ItemRemoved
from multigrain.features.windows import Windows
from multigrain.golden import Golden
from multigrain.index.item_index import Built, IndexRows, IndexStore, ItemIndex
from multigrain.index.item_rows import item_rows
from multigrain.index.specs import Flat, IndexSpec
from multigrain.registry.generation import Evaluated, Generation, GenerationState
from multigrain.registry.sql import SqlRegistry
from multigrain.registry.steps import LEASE_MS
from multigrain.registry.tidy import collection_of, tidy
from multigrain.settings import GenerationSettings
from multigrain.types import GenerationId, ItemId, ItemStatus
from streaming.app import assemble
from streaming.consumer import Limits
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.encode import encode_binary
from streaming.sources.memory import MemoryLog, MemorySource
from streaming.targets import FedGenerations, Target
from tests.builders import NOON_MS, WordEncoder, an_item, an_upsert
from tests.contract.stores import index_store, sql_engine
from trainer.progress import silent
from trainer.publish.index_build import Stores, build_generation

WORDS = ("red", "green", "wool", "felt", "scarf", "hat", "running", "shoes", "black", "dress")
ITEMS = 30
SECONDS = 30.0
STEPS = ("registered", "created", "released", "filled", "building", "built", "caught up", "before the hold")
ENCODER = WordEncoder()


@dataclass
class Shop:
    """A catalogue, a registry, indexes and a stream that changes them; and a builder beside it."""

    engine: sa.Engine
    indexes: IndexStore
    seed: int = 0
    log: MemoryLog = field(default_factory=lambda: MemoryLog({"multigrain.items": 2, "multigrain.behavior": 1}))
    at_step: Callable[[str], object] = lambda step: None
    """Called by the builder at each of STEPS."""
    now_ms: int = NOON_MS

    def __post_init__(self) -> None:
        self.catalogue = SqlCatalogue(self.engine)
        self.registry = SqlRegistry(self.engine, clock=lambda: self.now_ms)
        self.targets = FedGenerations(self.registry, lambda: self.indexes, lambda path: ENCODER)
        self._random = random.Random(self.seed)
        self._version = 0
        if not self.catalogue.count():
            self.catalogue.apply([an_upsert(an_item(number, title=self._title())) for number in range(1, ITEMS + 1)])

    def send(self, *events: Event) -> None:
        for event in events:
            encoded = encode_binary(event)
            self.log.append("multigrain.items", encoded.key, encoded.value, encoded.headers)

    def stream(self, targets: Callable[[], list[Target]] | None = None) -> None:
        """Takes everything that was sent, in small batches, as a consumer that has just been started."""
        assemble(
            engine=self.engine,
            open_source=lambda start: MemorySource(self.log, start),
            targets=targets or self.targets,
            dead_letters=MemoryDeadLetters(),
            limits=Limits(batch_records=4, batch_seconds=0),
            clock_ms=lambda: NOON_MS,
        ).run()

    def change(self, count: int = 6) -> None:
        """Sends some changes of random items: titles, statuses, new items, removals, comebacks."""
        for _ in range(count):
            self._version += 1
            number, version = self._random.randint(1, ITEMS + 5), self._version + 1
            item_id, event_id = ItemId(f"sku-{number}"), f"e-{self.seed}-{version}"
            match self._random.randint(0, 3):
                case 0:
                    self.send(ItemRemoved(event_id=event_id, at_ms=NOON_MS, item_id=item_id, source_version=version))
                case 1:
                    status = self._random.choice((ItemStatus.ACTIVE, ItemStatus.INACTIVE))
                    self.send(
                        ItemPatched(
                            event_id=event_id, at_ms=NOON_MS, item_id=item_id, source_version=version, status=status
                        )
                    )
                case _:
                    self.send(an_upsert(an_item(number, title=self._title(), source_version=version)))

    def build(self, name: str = "g-1") -> Generation:
        stores = Stores(catalogue=_ToldCatalogue(self), registry=_ToldRegistry(self), indexes=_ToldStore(self))
        golden = Golden(
            queries=(("red hat", Windows()),),
            query_vectors=ENCODER.encode_queries([("red hat", Windows())]),
            items=(an_item(1, title="red hat"),),
            item_vectors=ENCODER.encode_items([an_item(1, title="red hat")]),
        )
        bundle = SimpleNamespace(bundle_id=ENCODER.bundle_id, path=Path("bundles/b-words"), golden=lambda: golden)
        return build_generation(
            GenerationId(name),
            bundle,  # type: ignore[arg-type]  # as much of a bundle as words need
            ENCODER,
            stores,
            spec=Flat(),
            queries=[(word, Windows()) for word in WORDS],
            evaluated=Evaluated(),
            settings=GenerationSettings(canary_k=5),  # type: ignore[call-arg]  # pydantic fills defaults
            clock_ms=lambda: NOON_MS,
            clock=lambda: 0.0,
            reporter=silent,
        )

    def index(self, name: str) -> ItemIndex:
        return self.indexes.open(collection_of(GenerationId(name)))

    def _title(self) -> str:
        return " ".join(self._random.sample(WORDS, 3))


class _ToldCatalogue(SqlCatalogue):
    """Says when the builder has caught up, and when it is about to hold the catalogue."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop.engine)
        self._shop = shop

    def changed_since(self, revision: int, limit: int) -> list[StoredItem]:
        changed = super().changed_since(revision, limit)
        if not changed:
            self._shop.at_step("caught up")
        return changed

    @contextmanager
    def held(self) -> Iterator[sa.Connection]:
        self._shop.at_step("before the hold")
        with super().held() as connection:
            yield connection


class _ToldRegistry(SqlRegistry):
    def __init__(self, shop: Shop) -> None:
        super().__init__(shop.engine, clock=lambda: shop.now_ms)
        self._shop = shop

    def create(self, generation: Generation) -> None:
        super().create(generation)
        self._shop.at_step("registered")


class _ToldStore:
    """Indexes that say where the builder is with them."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def create(self, name: str, *, dims: int, spec: IndexSpec) -> "_ToldIndex":
        index = _ToldIndex(self._shop, self._shop.indexes.create(name, dims=dims, spec=spec))
        self._shop.at_step("created")
        return index


class _ToldIndex:
    def __init__(self, shop: Shop, index: ItemIndex) -> None:
        self._shop, self._index = shop, index
        self.upsert, self.delete, self.search = index.upsert, index.delete, index.search
        self.count, self.load, self.drop = index.count, index.load, index.drop

    def release(self) -> None:
        self._index.release()
        self._shop.at_step("released")

    def fill(self, rows: IndexRows) -> None:
        self._index.fill(rows)
        self._shop.at_step("filled")

    def finish(self, built: Built) -> None:
        self._shop.at_step("building")
        self._index.finish(built)
        self._shop.at_step("built")


def assert_index_is_the_catalogue(shop: Shop, name: str = "g-1") -> None:
    """Every item that is not removed is there once, with its newest revision, vector and status; nothing else is."""
    stored = [one for batch in shop.catalogue.scan(100) for one in batch]
    expected = item_rows(stored, ENCODER.encode_items([one.item for one in stored]))
    held = shop.index(name).rows_of(np.arange(1, ITEMS + 20))
    order = np.argsort(held.item_nos)
    assert held.item_nos[order].tolist() == expected.item_nos.tolist()
    assert shop.index(name).count() == len(expected)
    np.testing.assert_allclose(held.vectors[order], expected.vectors, atol=1e-6)
    assert [held.statuses[row] for row in order] == [int(status) for status in expected.statuses]
    assert [held.titles[row] for row in order] == list(expected.titles)


@pytest.fixture(params=("sqlite", "postgres"))
def engine(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    yield from sql_engine(request.param, request)


@pytest.fixture
def shop(engine: sa.Engine, request: pytest.FixtureRequest) -> Shop:
    return Shop(engine, index_store("exact", request))


@pytest.fixture
def postgres_shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Where a batch and a builder can be at work at once; SQLite lets one write at a time."""
    for engine in sql_engine("postgres", request):
        yield Shop(engine, index_store("exact", request))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_streamed_at_whichever_step_of_a_build_is_in_its_index(
    request: pytest.FixtureRequest, engine: sa.Engine, seed: int
) -> None:
    shop, steps = Shop(engine, index_store("exact", request), seed=seed), random.Random(seed)

    def at_step(step: str) -> None:
        if steps.random() < 0.5:
            shop.change()
        if steps.random() < 0.7:
            shop.stream()

    shop.at_step = at_step
    shop.build()
    shop.at_step = lambda step: None
    shop.stream()
    assert_index_is_the_catalogue(shop)
    shop.change()
    shop.stream()
    assert_index_is_the_catalogue(shop)


@pytest.mark.parametrize("step", STEPS)
def test_a_change_at_this_very_step_is_not_lost(shop: Shop, step: str) -> None:
    reached = []

    def at_step(name: str) -> None:
        if name == step:
            reached.append(name)
            shop.change()
            shop.stream()

    shop.at_step = at_step
    shop.build()
    assert reached
    assert_index_is_the_catalogue(shop)


def test_a_batch_that_began_before_the_hand_over_is_waited_for(postgres_shop: Shop) -> None:
    """It has looked which generations it feeds, found none, and is not yet committed when the builder is done."""
    shop = postgres_shop
    looked, go_on = threading.Event(), threading.Event()

    def slow_targets() -> list[Target]:
        found = list(shop.targets())
        looked.set()
        assert go_on.wait(SECONDS)
        return found

    def before_the_hold(step: str) -> None:
        if step == "before the hold":
            assert shop.registry.get(GenerationId("g-1")).state is GenerationState.BUILDING
            threading.Timer(0.3, go_on.set).start()

    def stream_slowly() -> None:
        shop.send(ItemRemoved(event_id="gone", at_ms=NOON_MS, item_id=ItemId("sku-3"), source_version=9))
        shop.stream(slow_targets)

    shop.at_step = before_the_hold
    with ThreadPoolExecutor(2) as threads:
        streaming = threads.submit(stream_slowly)
        assert looked.wait(SECONDS)
        built = threads.submit(shop.build)
        assert built.result(SECONDS).state is GenerationState.READY
        streaming.result(SECONDS)
    assert_index_is_the_catalogue(shop)


def test_without_the_hold_that_batch_would_be_missed(postgres_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same race with a builder that does not hold the catalogue: so the test above can fail."""
    shop = postgres_shop

    @contextmanager
    def not_held(catalogue: SqlCatalogue) -> Iterator[sa.Connection]:
        with shop.engine.connect() as connection:
            yield connection

    monkeypatch.setattr(SqlCatalogue, "held", not_held)
    monkeypatch.setattr(SqlRegistry, "within", lambda registry, connection: _LateRegistry(ready))
    ready: list[GenerationId] = []
    looked, go_on = threading.Event(), threading.Event()

    def slow_targets() -> list[Target]:
        found = list(shop.targets())
        looked.set()
        assert go_on.wait(SECONDS)
        return found

    shop.send(ItemRemoved(event_id="gone", at_ms=NOON_MS, item_id=ItemId("sku-3"), source_version=9))
    with ThreadPoolExecutor(1) as threads:
        streaming = threads.submit(shop.stream, slow_targets)
        assert looked.wait(SECONDS)
        shop.build()
        go_on.set()
        streaming.result(SECONDS)
    assert ready == ["g-1"]
    with pytest.raises(AssertionError):
        assert_index_is_the_catalogue(shop)


class _LateRegistry:
    def __init__(self, ready: list[GenerationId]) -> None:
        self._ready = ready

    def mark_ready(self, generation_id: GenerationId, evaluated: Evaluated) -> None:
        self._ready.append(generation_id)

    def keep_index_spec(self, generation_id: GenerationId, index_spec: Mapping[str, object]) -> None:
        pass


@pytest.mark.parametrize(
    ("sql", "kind"),
    [("sqlite", "exact"), ("sqlite", "milvus-lite"), ("postgres", "exact"), ("postgres", "milvus-server")],
)
def test_three_builds_beside_a_stream_that_never_stops_end_equal_to_the_catalogue(
    request: pytest.FixtureRequest, sql: str, kind: str, milvus_prefix: str
) -> None:
    with contextmanager(sql_engine)(sql, request) as engine:
        shop = Shop(engine, index_store(kind, request), seed=3)
        stopped, streamed = threading.Event(), threading.Semaphore(0)

        def stream() -> int:
            batches = 0
            while not stopped.is_set():
                shop.change(8)
                shop.stream()
                batches += 1
                streamed.release()
            return batches

        names = [f"{milvus_prefix}{number}" for number in (1, 2, 3)]
        with ThreadPoolExecutor(1) as threads:
            streaming = threads.submit(stream)
            try:
                for name in names:
                    # However short the builds are, batches come between the first and the last.
                    assert streamed.acquire(timeout=SECONDS)
                    assert shop.build(name).state is GenerationState.READY
                assert streamed.acquire(timeout=SECONDS)
            finally:
                stopped.set()
            assert streaming.result(SECONDS) > 3
        shop.stream()
        for name in names:
            assert_index_is_the_catalogue(shop, name)
            shop.index(name).drop()


def test_a_builder_that_was_given_up_cannot_hand_over_and_leaves_no_index(shop: Shop) -> None:
    def at_step(step: str) -> None:
        if step == "built":
            shop.now_ms += LEASE_MS + 1
            tidied = tidy(shop.registry, shop.catalogue, shop.indexes, keep_retired=2, rested_ms=0)
            assert tidied.abandoned == ("g-1",)
            assert tidied.dropped == ("items_g_1",)

    shop.at_step = at_step
    with pytest.raises(NotFound, match="items_g_1"):
        shop.build()
    assert shop.registry.get(GenerationId("g-1")).state is GenerationState.FAILED
    assert shop.indexes.names() == []


def test_a_retired_generation_stays_fresh_so_that_a_rollback_answers_with_todays_items(shop: Shop) -> None:
    for name in ("g-1", "g-2"):
        shop.build(name)
        shop.registry.promote(GenerationId(name), override="nothing is evaluated here")
    shop.change(10)
    shop.stream()
    assert shop.registry.rollback().generation_id == "g-1"
    assert_index_is_the_catalogue(shop, "g-1")
