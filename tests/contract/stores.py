"""The stores that the contract suites run over, and fixtures that open them.

PostgreSQL and the Milvus server are asked for only by the variants that need them, so a machine without them runs the
others and says which it left out.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from multigrain import database
from multigrain.index.exact import ExactIndexStore
from multigrain.index.item_index import IndexStore, ItemIndex
from multigrain.index.served_from_memory import ServedFromMemory
from multigrain.index.specs import IndexSpec

SQL_STORES = ("sqlite", "postgres")
INDEX_STORES = ("exact", "exact-int8", "served-from-memory", "milvus-lite", "milvus-server")
EXACT_STORES = tuple(kind for kind in INDEX_STORES if kind != "exact-int8")
"""Those whose vectors come back to the bit, and whose neighbours are in the very order of their inner products."""


def sql_engine(kind: str, request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """An empty store of this kind, its schema upgraded."""
    engine = bare_sql_engine(kind, request)
    database.upgrade(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def bare_sql_engine(kind: str, request: pytest.FixtureRequest) -> sa.Engine:
    """A store of this kind with nothing in it, not even a schema."""
    if kind == "postgres":
        return database.open_database(request.getfixturevalue("postgres_url"))
    folder: Path = request.getfixturevalue("tmp_path")
    return database.open_database(f"sqlite:///{folder / 'sql' / 'store.db'}")


@contextmanager
def rolled_back(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction whose owner, at its end, changes its mind."""
    with suppress(_ChangedMindError), database.writing(engine) as connection:
        yield connection
        raise _ChangedMindError


def index_store(kind: str, request: pytest.FixtureRequest) -> IndexStore:
    """A store of this kind whose searches see every write before them.

    On a server that is the strong level: the suite is about what a search answers, not about how late it is. The
    bounded level that serves requests has a test of its own.
    """
    if kind in ("exact", "exact-int8"):
        return ExactIndexStore(bits=8 if kind == "exact-int8" else 32)
    if kind == "served-from-memory":
        return MemoryServedStore(ExactIndexStore())
    from multigrain.index.milvus import MilvusStore

    if kind == "milvus-server":
        return MilvusStore(request.getfixturevalue("milvus_uri"), strong=True)
    folder: Path = request.getfixturevalue("tmp_path")
    return MilvusStore(str(folder / "milvus.db"), strong=True)


class MemoryServedStore:
    """Indexes that are served from memory, over those of a store that holds them."""

    def __init__(self, durable: IndexStore) -> None:
        self._durable = durable

    def create(self, name: str, *, dims: int, spec: IndexSpec) -> ServedFromMemory:
        return _served(self._durable.create(name, dims=dims, spec=spec))

    def open(self, name: str, *, spec: IndexSpec | None = None) -> ServedFromMemory:
        return _served(self._durable.open(name, spec=spec))

    def names(self) -> Sequence[str]:
        return self._durable.names()

    def describe(self) -> str:
        return self._durable.describe()


def _served(durable: ItemIndex) -> ServedFromMemory:
    index = ServedFromMemory(durable, bits=32)
    index.load()
    return index


class _ChangedMindError(Exception):
    pass
