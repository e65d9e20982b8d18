"""The SQL store: opening it, its transactions, its schema. SQLite embedded, PostgreSQL for real.

Knows no table: those are in catalog/tables.py.
"""

import functools
import math
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from multigrain.errors import InvalidConfig, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_SECONDS = 30
"""How long a SQLite writer queues behind another."""
CONNECT_SECONDS = 10
IDLE_SECONDS = 1.0
"""A connection used this lately is taken to be alive: to ask it each time would double the round trips of a read."""
_READ_ONLY = "multigrain_read_only"
_USED = "multigrain_used"
_MIGRATION_LOCK = 7_461_902
"""Any number that is ours: two programs that start at once must not both migrate."""
_ADDRESSES = "use sqlite:///path/to/file.db or postgresql+psycopg://user@host:5432/database"

Bind = sa.Engine | sa.Connection
"""Where a store reads and writes. A Connection: inside the transaction that its owner commits."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Which migration the store is at."""

    current: str | None
    """None: nothing was ever made there."""
    newest: str

    @property
    def up_to_date(self) -> bool:
        return self.current == self.newest


def open_database(url: str, *, pool_size: int = 8) -> sa.Engine:
    """An engine for this address. Nothing is connected yet; a SQLite file's folder is made."""
    try:
        address = sa.make_url(url)
    except exc.ArgumentError:
        raise InvalidConfig("database.url", "not an address", cure=_ADDRESSES) from None
    if address.get_backend_name() == "sqlite":
        return _open_sqlite(address, pool_size)
    if address.drivername == "postgresql+psycopg":
        return _open_postgres(address, pool_size)
    raise InvalidConfig("database.url", f"no store behind {address.drivername}", cure=_ADDRESSES)


@contextmanager
def writing(bind: Bind) -> Iterator[sa.Connection]:
    """One write transaction: all or nothing, and two writers queue.

    Given a Connection, it joins the transaction that is open there and leaves the commit to its owner.
    """
    with store_errors(bind):
        if isinstance(bind, sa.Connection):
            yield bind
        else:
            with bind.begin() as connection:
                yield connection


@contextmanager
def reading(bind: Bind) -> Iterator[sa.Connection]:
    """A read that waits for no writer; every statement sees what is committed by then.

    Given a Connection, it reads inside the transaction that is open there.
    """
    with store_errors(bind):
        if isinstance(bind, sa.Connection):
            yield bind
        elif bind.dialect.name == "sqlite":
            with bind.connect().execution_options(**{_READ_ONLY: True}) as connection:
                yield connection
        else:
            # One round trip: no BEGIN and no ROLLBACK around a single SELECT.
            with bind.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                yield connection


@contextmanager
def store_errors(bind: Bind) -> Iterator[None]:
    """Turns what the driver raises when the store is down, late or not migrated into StoreUnavailable.

    What is wrong with a statement or a value (IntegrityError, DataError) is our mistake and flies. SQLite calls both
    operational.
    """
    place = bind.engine.url.render_as_string(hide_password=True)
    try:
        yield
    except exc.TimeoutError:
        raise StoreUnavailable(f"{place}: every connection is in use: raise database.pool_size") from None
    except exc.DBAPIError as error:
        # The driver's own words only: SQLAlchemy's add the values, and those are users' data.
        problem = " ".join(str(error.orig).split())
        if _means_not_migrated(error.orig):
            raise StoreUnavailable(f"{place}: {problem}: run `multigrain db upgrade`") from None
        if _is_our_mistake(error.orig):
            raise
        if isinstance(error, exc.OperationalError | exc.InterfaceError) or error.connection_invalidated:
            raise StoreUnavailable(f"{place}: {problem}: is it running, reachable and writable?") from None
        raise


def _is_our_mistake(error: BaseException | None) -> bool:
    """Whether SQLite could not make sense of a statement: to try it again, for ever, would help nobody."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_ERROR


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Brings the schema up to `revision`, in one transaction. An unknown revision raises NotFound."""
    from alembic import command

    _migrate(engine, lambda config: command.upgrade(config, revision))


def downgrade(engine: sa.Engine, revision: str = "-1") -> None:
    """Brings the schema back to `revision` ('-1': one step, 'base': nothing left), in one transaction."""
    from alembic import command

    _migrate(engine, lambda config: command.downgrade(config, revision))


def check(engine: sa.Engine) -> SchemaState:
    """Where the schema is, and where it should be."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with reading(engine) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    newest = ScriptDirectory.from_config(_alembic_config()).get_current_head()
    assert newest is not None  # migrations/versions is never empty
    return SchemaState(current, newest)


def _open_sqlite(address: sa.URL, pool_size: int) -> sa.Engine:
    if not address.database or address.database == ":memory:":
        raise InvalidConfig("database.url", "SQLite in memory is lost at once", cure="name a file: sqlite:///shop.db")
    Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        address, pool_size=pool_size, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False}
    )
    sa.event.listen(engine, "connect", _set_up_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _open_postgres(address: sa.URL, pool_size: int) -> sa.Engine:
    engine = sa.create_engine(address, pool_size=pool_size, connect_args={"connect_timeout": CONNECT_SECONDS})
    sa.event.listen(engine, "checkin", _note_use)
    sa.event.listen(engine, "checkout", functools.partial(_ask_if_idle, engine.dialect))
    return engine


def _note_use(_: object, record: ConnectionPoolEntry) -> None:
    record.info[_USED] = time.monotonic()


def _ask_if_idle(dialect: sa.Dialect, connection: DBAPIConnection, record: ConnectionPoolEntry, _: object) -> None:
    """A server that was started anew, or a network that forgot us, is found out here and answered with a new one."""
    if time.monotonic() - record.info.get(_USED, math.inf) < IDLE_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise exc.InvalidatePoolError("a connection was lost while idle") from error


def _set_up_sqlite(connection: SqliteConnection, _: object) -> None:
    connection.isolation_level = None  # the driver would otherwise begin transactions by itself, and late
    connection.execute("PRAGMA journal_mode = WAL")  # readers do not wait for the writer
    connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may lose the last commits, never tear one
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later fails when another wrote between; IMMEDIATE makes it queue.
    if not connection.get_execution_options().get(_READ_ONLY):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _means_not_migrated(error: BaseException | None) -> bool:
    if getattr(error, "sqlstate", None) in ("42P01", "42703"):  # PostgreSQL: undefined table, undefined column
        return True
    return str(error).startswith(("no such table", "no such column")) or "has no column named" in str(error)


def _migrate(engine: sa.Engine, step: Callable[["Config"], None]) -> None:
    from alembic.util import CommandError

    config = _alembic_config()
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        config.attributes["connection"] = connection
        try:
            step(config)
        except CommandError as error:
            raise NotFound(f"{error}: see migrations/versions for the revisions there are") from None


def _alembic_config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("migrations")).replace("%", "%%"))
    return config
