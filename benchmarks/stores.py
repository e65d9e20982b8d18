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
from multigrain.settings import Settings


@contextmanager
def throwaway_database(settings: Settings) -> Iterator[sa.Engine]:
    """An upgraded, empty store: a new database on the PostgreSQL server that is set, or a SQLite file."""
    with TemporaryDirectory() as folder:
        url = sa.make_url(settings.database_url)
        if url.get_backend_name() != "postgresql":
            engine = database.open_database(f"sqlite:///{Path(folder) / 'bench.db'}")
            database.upgrade(engine)
            yield engine
            engine.dispose()
            return
        name = f"multigrain_bench_{uuid.uuid4().hex[:8]}"
        server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        engine = database.open_database(url.set(database=name).render_as_string(hide_password=False))
        try:
            database.upgrade(engine)
            yield engine
        finally:
            engine.dispose()
            with server.connect() as connection:
                connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
            server.dispose()


@contextmanager
def throwaway_milvus(settings: Settings) -> Iterator[MilvusStore]:
    """The server that is set, or Milvus Lite in a temporary folder. Drop what you create."""
    with TemporaryDirectory() as folder:
        server = settings.milvus.uri if settings.milvus.uri and "://" in settings.milvus.uri else None
        token = settings.milvus.token.get_secret_value() if settings.milvus.token else None
        store = MilvusStore(server or str(Path(folder) / "bench.db"), token=token, timeout_seconds=120)
        try:
            yield store
        finally:
            store.close()


def store_name(engine: sa.Engine) -> str:
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[engine.dialect.name]
