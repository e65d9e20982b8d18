"""What is taken away, in which order, and what never is. Over a real Milvus once: every store promises the same."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.errors import IndexUnavailable
from multigrain.index.item_index import IndexStore
from multigrain.index.specs import Flat
from multigrain.registry.generation import Evaluated, GenerationState
from multigrain.registry.sql import SqlRegistry
from multigrain.registry.steps import LEASE_MS
from multigrain.registry.tidy import Tidied, collection_of, orphans, tidy
from multigrain.types import GenerationId
from tests.contract.conftest import Clock
from tests.contract.stores import index_store, sql_engine
from tests.contract.test_registry import NO_GATE, a_generation


class Yard:
    """A registry and the indexes of its generations."""

    def __init__(self, engine: sa.Engine, indexes: IndexStore, prefix: str) -> None:
        self.clock = Clock()
        self.registry = SqlRegistry(engine, clock=self.clock)
        self.catalogue = SqlCatalogue(engine)
        self.indexes = indexes
        self.prefix = prefix

    def name(self, number: int) -> GenerationId:
        return GenerationId(f"{self.prefix}{number}")

    def index(self, number: int) -> str:
        return collection_of(self.name(number))

    def add(self, number: int, state: GenerationState) -> None:
        self.indexes.create(self.index(number), dims=4, spec=Flat())
        self.registry.create(replace(a_generation(self.name(number)), collection=self.index(number)))
        if state is not GenerationState.BUILDING:
            self.registry.mark_ready(self.name(number), Evaluated())
        if state is GenerationState.LIVE:
            self.registry.promote(self.name(number), override=NO_GATE)

    def tidy(self, *, keep_retired: int = 1, rested_ms: int = 0) -> Tidied:
        return tidy(self.registry, self.catalogue, self.indexes, keep_retired=keep_retired, rested_ms=rested_ms)

    def there(self) -> list[str]:
        return [name for name in self.indexes.names() if self.prefix in name]


@pytest.fixture
def store(request: pytest.FixtureRequest) -> IndexStore:
    return index_store(getattr(request, "param", "exact"), request)


@pytest.fixture
def yard(request: pytest.FixtureRequest, store: IndexStore, milvus_prefix: str) -> Iterator[Yard]:
    for engine in sql_engine("sqlite", request):
        made = Yard(engine, store, milvus_prefix)
        yield made
        for name in made.there():
            store.open(name).drop()


@pytest.mark.parametrize("store", ["exact", "milvus-server"], indirect=True)
def test_the_indexes_of_abandoned_builds_and_old_retired_ones_go_and_the_others_stay(yard: Yard) -> None:
    yard.add(1, GenerationState.BUILDING)
    yard.clock.now_ms += LEASE_MS
    for number in (2, 3, 4):
        yard.add(number, GenerationState.LIVE)
    yard.add(5, GenerationState.READY)
    yard.add(6, GenerationState.BUILDING)

    tidied = yard.tidy()

    assert tidied == Tidied(abandoned=(yard.name(1),), dropped=(yard.index(1), yard.index(2)))
    assert yard.there() == [yard.index(number) for number in (3, 4, 5, 6)]
    assert yard.tidy() == Tidied(abandoned=(), dropped=())


def test_what_a_crash_left_is_dropped_the_next_time(yard: Yard) -> None:
    yard.add(1, GenerationState.READY)
    yard.registry.fail(yard.name(1), "the canary found 0.31")

    assert yard.tidy().dropped == (yard.index(1),)
    assert yard.there() == []


def test_an_index_that_the_registry_does_not_know_is_named_and_left_alone(yard: Yard) -> None:
    yard.add(1, GenerationState.LIVE)
    yard.indexes.create(yard.index(9), dims=4, spec=Flat())

    assert yard.tidy().dropped == ()
    assert [name for name in orphans(yard.registry, yard.indexes) if yard.prefix in name] == [yard.index(9)]


def test_when_the_indexes_are_away_the_registry_has_still_decided(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2, 3):
        yard.add(number, GenerationState.LIVE)
    with monkeypatch.context() as patch:
        patch.setattr(type(yard.indexes), "names", _away)
        with pytest.raises(IndexUnavailable):
            yard.tidy()

    assert yard.registry.get(yard.name(1)).dropped_ms is not None
    assert yard.tidy().dropped == (yard.index(1),)


def _away(store: IndexStore) -> list[str]:
    raise IndexUnavailable("Milvus is down: start it")
