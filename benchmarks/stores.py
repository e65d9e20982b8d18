"""Stores for a bench: the servers of the settings, in a database and collections of their own that go afterwards; or
embedded ones in a temporary folder.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from multigrain import database
from multigrain.index.milvus import MilvusStore
from multigrain.settings import MilvusSettings, Settings


@contextmanager
def throwaway_database(settings: Settings) -> Iterator[sa.Engine]:
    """An upgraded, empty store: a new database on the PostgreSQL server that is set, or a SQLite file."""
    with TemporaryDirectory() as folder:
        url = sa.make_url(settings.database_url)
        if url.get_backend_name() != "postgresql":
            with opened(sa.make_url(f"sqlite:///{Path(folder) / 'bench.db'}")) as engine:
                yield engine
            return
        name = f"multigrain_bench_{uuid.uuid4().hex[:8]}"
        server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        try:
            with opened(url.set(database=name)) as engine:
                yield engine
        finally:
            with server.connect() as connection:
                connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
            server.dispose()


@contextmanager
def opened(url: sa.URL) -> Iterator[sa.Engine]:
    """The database, upgraded."""
    engine = database.open_database(url.render_as_string(hide_password=False))
    try:
        database.upgrade(engine)
        yield engine
    finally:
        engine.dispose()


@contextmanager
def throwaway_milvus(settings: Settings) -> Iterator[MilvusStore]:
    """The server that is set, or Milvus Lite in a temporary folder. Drop what you create."""
    with TemporaryDirectory() as folder, own_milvus(settings, Path(folder)) as (_, store):
        yield store


@contextmanager
def own_milvus(settings: Settings, folder: Path) -> Iterator[tuple[MilvusSettings, MilvusStore]]:
    """The server that is set, or Milvus Lite in the folder."""
    own = settings.milvus
    if "://" not in settings.milvus_uri:
        own = own.model_copy(update={"uri": str(folder / "bench.db")})
    token = own.token.get_secret_value() if own.token else None
    store = MilvusStore(str(own.uri), token=token, timeout_seconds=120)
    try:
        yield own, store
    finally:
        store.close()


def store_name(engine: sa.Engine) -> str:
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[engine.dialect.name]
