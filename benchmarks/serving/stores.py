"""The stores of a scene: Milvus as a server or a file beside the bundle, and a database that stays for the next run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from multigrain import database
from multigrain.errors import InvalidConfig
from multigrain.index.milvus import MilvusStore
from multigrain.settings import MilvusSettings, Settings


@contextmanager
def own_milvus(settings: Settings, folder: Path) -> Iterator[tuple[MilvusSettings, MilvusStore]]:
    """The server that is set, or Milvus Lite in the folder."""
    own = settings.milvus
    if "://" not in settings.milvus_uri:
        own = own.model_copy(update={"uri": str(folder / "filled.db")})
    token = own.token.get_secret_value() if own.token else None
    store = MilvusStore(str(own.uri), token=token, timeout_seconds=120)
    try:
        yield own, store
    finally:
        store.close()


@contextmanager
def kept_database(settings: Settings, name: str) -> Iterator[sa.Engine]:
    """A database that stays, upgraded; held against other runs as long as the block lasts."""
    url = sa.make_url(settings.database_url)
    if url.get_backend_name() != "postgresql" or "://" not in settings.milvus_uri:
        raise InvalidConfig(
            "--size",
            "of more than small needs servers",
            cure="set database.url to PostgreSQL and milvus.uri to a server",
        )
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(sa.func.hashtext(name)))).scalar_one():
            raise InvalidConfig("--size", f"database {name} is in use by another run", cure="wait for that run")
        if not connection.execute(sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}).first():
            connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        engine = database.open_database(url.set(database=name).render_as_string(hide_password=False))
        try:
            database.upgrade(engine)
            yield engine
        finally:
            engine.dispose()
    server.dispose()
