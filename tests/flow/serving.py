"""A shop that is served: real SQL, an exact index, the word encoder behind the protocol, a server on a free port."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.client import Client
from multigrain.encoder import Encoder
from multigrain.features.feature_store import FeatureStore
from multigrain.features.sql import SqlFeatureStore
from multigrain.features.state_reader import ThreadedReader, open_state_reader
from multigrain.index import specs
from multigrain.index.exact import ExactIndexStore
from multigrain.index.item_index import IndexStore
from multigrain.index.item_rows import item_rows
from multigrain.index.specs import IndexSpec
from multigrain.key_terms import KeyTerm, TermKind
from multigrain.registry.generation import Evaluated, Generation, GenerationState
from multigrain.registry.sql import SqlRegistry
from multigrain.settings import GenerationSettings, ServerSettings
from multigrain.types import GenerationId, Item
from server.app import assemble
from server.channels import all_channels
from server.channels.channel import Channel
from server.channels.lexical_index import LexicalIndex
from server.generations.canary import Queries
from server.generations.live import LiveGeneration, Reopen
from server.generations.loading import bring_up, reopener
from server.lifecycle import Server
from server.timing.tracing import Traces
from server.understanding.tagger import Tagger
from tests.builders import NOON_MS, WordEncoder, an_item, an_upsert

FLAT = specs.Flat()
TERMS = (
    KeyTerm(kind=TermKind.BRAND, value="adidas", words=("adidas",), confidence=0.95),
    KeyTerm(kind=TermKind.BRAND, value="nike", words=("nike",), confidence=0.95),
    KeyTerm(kind=TermKind.CATEGORY, value="sports/shoes", words=("shoes",), confidence=0.9),
    KeyTerm(kind=TermKind.CATEGORY, value="fashion/dresses", words=("dress",), confidence=0.9),
)


def a_catalogue(count: int) -> list[Item]:
    """Shoes and dresses in turn, of adidas, nike and a brand without a name, each title with a number of its own."""
    return [_item(number) for number in range(1, count + 1)]


def _item(number: int) -> Item:
    brand = ("adidas", "nike", "")[number % 3]
    if number % 2:
        title, path = f"{brand} running shoes black {number}", ("sports", "shoes", "running shoes")
    else:
        title, path = f"{brand} summer dress red {number}", ("fashion", "dresses", "summer dresses")
    return an_item(number, title=title.strip(), brand=brand, category_path=path, price=float(number))


@dataclass
class Shop:
    """The stores of one test, and what is published in them."""

    engine: sa.Engine
    indexes: IndexStore = field(default_factory=ExactIndexStore)
    encoders: dict[str, Encoder] = field(default_factory=dict)
    """By bundle id: stands in for the folders in which bundles lie."""
    terms: Sequence[KeyTerm] = TERMS
    prefix: str = ""
    """How the names of its indexes begin."""

    @property
    def catalogue(self) -> SqlCatalogue:
        return SqlCatalogue(self.engine)

    @property
    def features(self) -> SqlFeatureStore:
        return SqlFeatureStore(self.engine)

    @property
    def registry(self) -> SqlRegistry:
        return SqlRegistry(self.engine, clock=lambda: NOON_MS)

    def stock(self, items: Sequence[Item]) -> None:
        """Puts the items into the catalogue."""
        self.catalogue.apply([an_upsert(item) for item in items])

    def publish(self, name: str = "g-1", *, seed: int = 0, dims: int = 32, spec: IndexSpec = FLAT) -> None:
        """A generation, ready: every item of the catalogue, in the vectors of an encoder of its own."""
        encoder = WordEncoder(dims, seed=seed)
        encoder.bundle_id = f"b-{name}"
        self.publish_of(encoder, name, spec=spec)

    def publish_of(self, encoder: Encoder, name: str, *, spec: IndexSpec, folder: str | None = None) -> None:
        """The same with a given encoder. `folder`: of its bundle; None: it has none."""
        self.encoders[encoder.bundle_id] = encoder
        index = self.indexes.create(self.collection(name), dims=encoder.dims, spec=spec)
        stored = [row for batch in self.catalogue.scan(10_000) for row in batch]
        index.upsert(item_rows(stored, encoder.encode_items([row.item for row in stored])))
        index.finish()
        self.registry.create(
            Generation(
                generation_id=GenerationId(name),
                state=GenerationState.BUILDING,
                bundle_id=encoder.bundle_id,
                bundle_path=folder or f"bundles/{encoder.bundle_id}",
                collection=self.collection(name),
                index_spec=specs.to_dict(spec),
                dims=encoder.dims,
                catalogue_revision=self.catalogue.revision(),
                created_ms=NOON_MS,
                changed_ms=NOON_MS,
            )
        )
        self.registry.mark_ready(GenerationId(name), Evaluated())

    def collection(self, name: str) -> str:
        """Of the generation of that name."""
        return self.prefix + name.replace("-", "_")

    def promote(self, name: str = "g-1") -> None:
        self.registry.promote(GenerationId(name), override="nothing is evaluated here")

    def load(self, generation: Generation) -> LiveGeneration:
        """What `server.generations.loading.loader` does, with the word encoder in the bundle's place."""
        encoder = self.encoders[generation.bundle_id]
        return bring_up(generation, encoder, self.indexes, Tagger(self.terms), self.catalogue)

    @property
    def reopen(self) -> Reopen:
        return reopener(self.indexes, self.catalogue)


def open_shop(folder: Path, *, items: int = 60) -> Shop:
    """A shop with a catalogue and one live generation, 'g-1'."""
    engine = database.open_database(f"sqlite:///{folder / 'shop.db'}")
    database.upgrade(engine)
    shop = Shop(engine)
    shop.stock(a_catalogue(items))
    shop.publish()
    shop.promote()
    return shop


@contextmanager
def serving(
    shop: Shop,
    *,
    features: FeatureStore | None = None,
    channels: Callable[[LexicalIndex], Sequence[Channel]] = all_channels,
    load: Callable[[Generation], LiveGeneration] | None = None,
    tried_with: Queries | None = None,
    generation_settings: Mapping[str, float] | None = None,
    traces: Traces | None = None,
    wait: bool = True,
    now_ms: Callable[[], int] = lambda: NOON_MS,
    connect: Callable[[str], Client] = Client,
    **settings: float | Path,
) -> Iterator[tuple[Server, Client]]:
    """A server of this shop and a client of it; both are gone afterwards."""
    # Budgets are wide: on a busy machine a first read takes longer than a user would be willing to wait.
    # Of 60 items ten are of a brand, and so few would be filled up with others: who tests that asks for it.
    quiet = {"registry_poll_ms": 20, "drain_seconds": 0.5, "feature_budget_ms": 2000, "relax_floor": 0}
    values = {"port": 0, **quiet, **settings}
    server = assemble(
        ServerSettings.model_validate(values),
        registry=shop.registry,
        catalogue=shop.catalogue,
        states=ThreadedReader(features) if features else open_state_reader(shop.engine),
        load=load or shop.load,
        reopen=shop.reopen,
        tried_with=tried_with,
        generation_settings=GenerationSettings.model_validate(generation_settings or {}),
        channels=channels,
        traces=traces,
        now_ms=now_ms,
    )
    server.start()
    try:
        with connect(server.address) as client:
            if wait:
                client.wait_until_serving(20)
            yield server, client
    finally:
        server.stop()


T = TypeVar("T")


def eventually(look: Callable[[], T], holds: Callable[[T], bool], *, seconds: float = 10) -> T:
    """Looks until it holds, and returns what was seen then."""
    ends_at = time.monotonic() + seconds
    while True:
        seen = look()
        if holds(seen):
            return seen
        assert time.monotonic() < ends_at, f"not within {seconds} s; last seen: {seen}"
        time.sleep(0.01)
