"""Lets go of raw user events that are too old. The states of users stay as they are."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from multigrain.catalog.tables import user_events
from multigrain.database import reading, writing
from multigrain.features.days import DAY_MS, begin_ms, day_of, partition_of


@dataclass(frozen=True, slots=True)
class DroppedDay:
    """A day of which nothing is left."""

    day: date
    events: int


def drop_events_before(engine: sa.Engine, at_ms: int) -> list[DroppedDay]:
    """Drops every whole day (UTC) that was over at `at_ms`, oldest first. May raise StoreUnavailable.

    An event of such a day that comes afterwards counts as one that was never seen: keep more days than the log has.
    """
    if engine.dialect.name == "postgresql":
        with reading(engine) as connection:
            tables = [table for table in _tables(connection) if begin_ms(table.day) + DAY_MS <= at_ms]
            return [_drop(connection, table) for table in tables]
    return _delete(engine, at_ms // DAY_MS * DAY_MS)


def _delete(engine: sa.Engine, before_ms: int) -> list[DroppedDay]:
    number = user_events.c.at_ms // DAY_MS
    old = user_events.c.at_ms < before_ms
    count = sa.select(number, sa.func.count()).where(old).group_by(number).order_by(number)
    with writing(engine) as connection:
        counts = connection.execute(count).all()
        connection.execute(sa.delete(user_events).where(old))
    return [DroppedDay(day_of(number * DAY_MS), events) for number, events in counts]


@dataclass(frozen=True, slots=True)
class _Table:
    day: date
    state: str
    """'attached'; 'leaving': a retention was killed while it let go of it; 'alone': or before it dropped it."""


def _tables(connection: sa.Connection) -> list[_Table]:
    """The tables of days, the oldest first."""
    rows = connection.exec_driver_sql(_TABLES)
    return sorted((_Table(date.fromisoformat(day), state) for day, state in rows), key=lambda table: table.day)


def _drop(connection: sa.Connection, table: _Table) -> DroppedDay:
    """Outside of a transaction: so readers and writers of other days go on while this one is let go of."""
    name = partition_of(table.day)
    if table.state != "alone":
        how = "CONCURRENTLY" if table.state == "attached" else "FINALIZE"
        connection.exec_driver_sql(f"ALTER TABLE user_events DETACH PARTITION {name} {how}")
    events = connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()  # noqa: S608  # a name of ours
    connection.exec_driver_sql(f"DROP TABLE {name}")
    return DroppedDay(table.day, events)


_TABLES = """
SELECT right(relname, 8),
    CASE WHEN inhrelid IS NULL THEN 'alone' WHEN inhdetachpending THEN 'leaving' ELSE 'attached' END
FROM pg_class LEFT JOIN pg_inherits ON inhrelid = pg_class.oid
WHERE relname ~ '^user_events_[0-9]{8}$' AND relkind = 'r'
    AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'user_events'::regclass)
"""
