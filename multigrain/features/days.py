"""user_events by day on PostgreSQL: a partition for each day (UTC) of which there are events, made when it is needed.

There is no partition for what fits nowhere: PostgreSQL would have to look through it whenever a day is made, and could
not let go of a day without stopping its readers and writers.
"""

from collections.abc import Collection
from datetime import date, timedelta

import sqlalchemy as sa

from multigrain.database import writing

DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1)
_MAKING_A_DAY = 7_461_903
"""Any number that is ours: two writers who meet a day at once must not both make it."""
_WAIT = "10s"
"""For a lock. Somebody alters the table: the batch is better tried again than left hanging in the queue."""


def day_of(at_ms: int) -> date:
    """The day in which this time is, in UTC."""
    return _EPOCH + timedelta(days=at_ms // DAY_MS)


def begin_ms(day: date) -> int:
    """When it begins."""
    return (day - _EPOCH).days * DAY_MS


def partition_of(day: date) -> str:
    """The name of its table."""
    return f"user_events_{day:%Y%m%d}"


def missing_days(connection: sa.Connection, days: Collection[date]) -> list[date]:
    """Those without a partition. A fifth of a millisecond; to remember them would be wrong once one is dropped."""
    name_of = {partition_of(day): day for day in days}
    there = connection.exec_driver_sql(_THERE, (list(name_of),)).scalars()
    return [name_of[name] for name in name_of.keys() - set(there)]


def make_days(engine: sa.Engine, days: Collection[date]) -> None:
    """Makes a partition for each that has none, in a transaction of its own.

    It waits for no reader and no writer of the table, and they do not wait for it: a table is attached under a lock
    that goes together with theirs, which is not so with CREATE TABLE ... PARTITION OF.
    """
    with writing(engine) as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_WAIT}'")
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING_A_DAY)))
        for day in sorted(missing_days(connection, days)):
            name, first, last = partition_of(day), begin_ms(day), begin_ms(day + timedelta(days=1))
            # It may be there, alone: a retention that was killed had let go of it, and not yet dropped it.
            connection.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {name} (LIKE user_events)")
            connection.exec_driver_sql(
                f"ALTER TABLE user_events ATTACH PARTITION {name} FOR VALUES FROM ({first}) TO ({last})"
            )


_THERE = """
SELECT name FROM unnest(%b::text[]) AS name
WHERE EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(name) AND NOT inhdetachpending)
"""
