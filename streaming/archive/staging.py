"""What is staged in SQL: how much, which batches a roll takes, their rows, and their end.

At most one roll is unfinished at a time: whoever takes one holds the row of `archive_roll`, and is given the unfinished
one first.
"""

from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import sqlalchemy as sa

from multigrain.catalog.tables import archive_batches as batches
from multigrain.catalog.tables import archive_roll
from multigrain.database import reading, writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """Batches that become part files together."""

    number: int
    first_ms: int
    """Of what happened, the earliest time; last_ms: the latest."""
    last_ms: int


class Packet(NamedTuple):
    """The rows that one batch has for one table."""

    table_name: str
    packed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is in SQL and not yet in files for good."""

    batches: int
    rows: int
    size_bytes: int
    """As staged."""
    oldest_ms: int | None
    """When the first of it was staged; None: nothing is."""
    taken_ms: int | None
    """When somebody last took up the roll that is unfinished; None: none is."""


class Staging:
    """Every method is one transaction, may block and may raise StoreUnavailable."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def waiting(self) -> Waiting:
        totals = sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(batches.c.row_count), 0),
            sa.func.coalesce(sa.func.sum(batches.c.size_bytes), 0),
            sa.func.min(batches.c.staged_ms),
            sa.func.max(sa.case((batches.c.roll.is_not(None), archive_roll.c.taken_ms))),
        ).select_from(batches.join(archive_roll, sa.true()))
        with reading(self._engine) as connection:
            count, rows, size, oldest_ms, taken_ms = connection.execute(totals).one()
        return Waiting(batches=count, rows=int(rows), size_bytes=int(size), oldest_ms=oldest_ms, taken_ms=taken_ms)

    def take(self, *, bytes_max: int, above: int, now_ms: int) -> Roll | None:
        """The unfinished roll, or the next one: the oldest batches, up to `bytes_max` but at least one.

        Its number is higher than every earlier one and than `above`. None: nothing is staged.
        """
        with writing(self._engine) as connection:
            last: int = connection.execute(sa.select(archive_roll.c.last_roll).with_for_update()).scalar_one()
            taken = _taken(connection)
            if taken is None:
                _mark(connection, max(last, above) + 1, bytes_max)
                taken = _taken(connection)
            if taken is not None:
                connection.execute(sa.update(archive_roll).values(last_roll=taken.number, taken_ms=now_ms))
            return taken

    def packets_of(self, roll: Roll) -> list[Packet]:
        """All of them, in the order in which they were staged; none once somebody has forgotten the roll.

        One statement, and so one moment: a part of a roll would be taken for the whole.
        """
        select = sa.select(batches.c.log_table, batches.c.packed).where(batches.c.roll == roll.number)
        with reading(self._engine) as connection:
            return [Packet(*row) for row in connection.execute(select.order_by(batches.c.batch_no))]

    def forget(self, roll: Roll) -> None:
        """Its rows are in files."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(batches).where(batches.c.roll == roll.number))


def _taken(connection: sa.Connection) -> Roll | None:
    row = connection.execute(
        sa.select(batches.c.roll, sa.func.min(batches.c.first_ms), sa.func.max(batches.c.last_ms))
        .where(batches.c.roll.is_not(None))
        .group_by(batches.c.roll)
    ).one_or_none()
    return Roll(number=row[0], first_ms=row[1], last_ms=row[2]) if row else None


def _mark(connection: sa.Connection, number: int, bytes_max: int) -> None:
    """Gives the oldest batches to this roll.

    Always from the oldest on: a search was staged before the clicks that came of it, so it is never rolled later.
    """
    waiting = connection.execute(
        sa.select(batches.c.batch_no, batches.c.size_bytes).where(batches.c.roll.is_(None)).order_by(batches.c.batch_no)
    ).all()
    if not waiting:
        return
    sizes = accumulate(row.size_bytes for row in waiting)
    fitting = sum(size <= bytes_max for size in sizes)
    last = waiting[max(fitting, 1) - 1].batch_no
    marked = sa.update(batches).where(batches.c.roll.is_(None), batches.c.batch_no <= last)
    connection.execute(marked.values(roll=number))
