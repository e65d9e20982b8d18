"""The stores that the contract suites run over, and fixtures that open them.

PostgreSQL and the Milvus server are asked for only by the variants that need them, so a machine without them runs the
others and says which it left out.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from multigrain import database
from multigrain.index.item_index import IndexStore

SQL_STORES = ("sqlite", "postgres")
INDEX_STORES = ("exact", "milvus-lite", "milvus-server")


def sql_engine(kind: str, request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """An empty store of this kind, its schema upgraded."""
    engine = bare_sql_engine(kind, request)
    database.upgrade(engine)
    yield engine
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
    if kind == "exact":
        from multigrain.index.exact import ExactIndexStore

        return ExactIndexStore()
    from multigrain.index.milvus import MilvusStore

    if kind == "milvus-server":
        return MilvusStore(request.getfixturevalue("milvus_uri"), strong=True)
    folder: Path = request.getfixturevalue("tmp_path")
    return MilvusStore(str(folder / "milvus.db"), strong=True)


class _ChangedMindError(Exception):
    pass
