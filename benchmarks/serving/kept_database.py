"""A database that stays for the next run of a bench."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from benchmarks.stores import opened
from multigrain.errors import InvalidConfig
from multigrain.settings import Settings


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
        with opened(url.set(database=name)) as engine:
            yield engine
    server.dispose()
