"""One fixture a store; each runs its test once for every implementation."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from multigrain.features.feature_store import FeatureStore
from multigrain.features.memory import MemoryFeatureStore
from multigrain.features.sql import SqlFeatureStore
from multigrain.index.item_index import IndexStore
from multigrain.registry.memory import MemoryRegistry
from multigrain.registry.registry import Registry
from multigrain.registry.sql import SqlRegistry
from tests.builders import NOON_MS
from tests.contract.stores import INDEX_STORES, SQL_STORES, index_store, sql_engine


class Clock:
    """A clock that a test sets; it moves on by a second at each look."""

    def __init__(self) -> None:
        self.now_ms = NOON_MS

    def __call__(self) -> int:
        self.now_ms += 1000
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=SQL_STORES)
def engine(request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    yield from sql_engine(request.param, request)


@pytest.fixture(params=("memory", *SQL_STORES))
def features(request: pytest.FixtureRequest) -> Iterator[FeatureStore]:
    if request.param == "memory":
        yield MemoryFeatureStore()
        return
    for opened in sql_engine(request.param, request):
        yield SqlFeatureStore(opened)


@pytest.fixture(params=("memory", *SQL_STORES))
def registry(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Registry]:
    if request.param == "memory":
        yield MemoryRegistry(clock=clock)
        return
    for opened in sql_engine(request.param, request):
        yield SqlRegistry(opened, clock=clock)


@pytest.fixture(params=INDEX_STORES)
def store(request: pytest.FixtureRequest) -> IndexStore:
    return index_store(request.param, request)
