"""User states from PostgreSQL, read by the event loop itself: no thread is woken, and none has to be waited for.

On the machine this was measured on, that is half of the time of a read through a thread and SQLAlchemy.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import psycopg
import sqlalchemy as sa
from psycopg.errors import UndefinedColumn, UndefinedTable

from multigrain.errors import StoreUnavailable
from multigrain.features.stored_state import from_bytes
from multigrain.types import UserId, UserState

HUNG_SECONDS = 5.0
"""Much longer than a request waits. A connection that has not answered by then is given up."""
KEPT_STATES, KEPT_EVENTS = 2_000, 200_000
"""The most that is kept decoded: so many users, and so many behaviours of all of them, at some 150 bytes each."""
_STATES = """
SELECT user_id, version, mark, CASE WHEN mark = ANY(%b::text[]) THEN NULL ELSE state END
FROM user_states, LATERAL (SELECT user_states.xmin::text || ' ' || user_states.ctid::text) AS row(mark)
WHERE user_id = ANY(%b::text[])
"""
"""The row, but of one that is still the very same only the mark: by whom it was written, and where it lies. A version
would not do: a row that was deleted and filled again comes back to a version that it had.
"""

Asked = tuple[list[str], list[UserId]]
"""Marks of the rows that are known, and whose rows are wanted."""
Connection = psycopg.AsyncConnection[tuple[Any, ...]]  # Any: rows as the driver has them


class _Kept(NamedTuple):
    mark: str
    state: UserState


class PostgresReader:
    """A StateReader. It has as many connections as reads at once, and keeps the states of the latest users: of a row
    that has not changed since, the database sends no more than that.
    """

    def __init__(self, address: sa.URL, *, hung_seconds: float = HUNG_SECONDS) -> None:
        self._place = address.render_as_string(hide_password=True)
        self._conninfo = address.set(drivername="postgresql").render_as_string(hide_password=False)
        self._hung_seconds = hung_seconds
        self._idle: list[Connection] = []
        self._kept: OrderedDict[UserId, _Kept] = OrderedDict()
        self._kept_events = 0

    async def get_many(self, user_ids: Collection[UserId]) -> Mapping[UserId, UserState]:
        wanted = list(user_ids)
        known = {user_id: kept for user_id in wanted if (kept := self._kept.get(user_id))}
        marks = [kept.mark for kept in known.values()]
        try:
            async with asyncio.timeout(self._hung_seconds):
                rows = await self._rows((marks, wanted))
        except TimeoutError:
            raise StoreUnavailable(f"{self._place}: no answer in {self._hung_seconds:g} s: is it overloaded?") from None
        except (UndefinedTable, UndefinedColumn) as error:
            raise StoreUnavailable(f"{self._place}: {_words(error)}: run `multigrain db upgrade`") from None
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise StoreUnavailable(f"{self._place}: {_words(error)}: is it running and reachable?") from None
        found = {}
        for user_id, version, mark, state in rows:
            # `known`, not what is kept by now: another read may have come between.
            found[user_id] = (
                known[user_id].state if state is None else from_bytes(state, user_id=user_id, version=version)
            )
            self._keep(user_id, _Kept(mark, found[user_id]))
        return found

    def close(self) -> None:
        for connection in self._idle:
            connection.pgconn.finish()
        self._idle.clear()

    def _keep(self, user_id: UserId, kept: _Kept) -> None:
        """As the latest used one; what was not used for longest goes."""
        if before := self._kept.pop(user_id, None):
            self._kept_events -= len(before.state.behaviors)
        self._kept[user_id] = kept
        self._kept_events += len(kept.state.behaviors)
        while self._kept_events > KEPT_EVENTS or len(self._kept) > KEPT_STATES:
            _, gone = self._kept.popitem(last=False)
            self._kept_events -= len(gone.state.behaviors)

    async def _rows(self, asked: Asked) -> list[tuple[Any, ...]]:  # Any: rows as the driver has them
        while self._idle:
            try:
                return await self._read(self._idle.pop(), asked)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                # The server was started anew, or a network has forgotten this connection; the others, too, perhaps.
                continue
        connection = await psycopg.AsyncConnection.connect(
            self._conninfo, autocommit=True, prepare_threshold=0, fallback_application_name="multigrain user states"
        )
        return await self._read(connection, asked)

    async def _read(self, connection: Connection, asked: Asked) -> list[tuple[Any, ...]]:  # Any: see above
        try:
            async with connection.cursor(binary=True) as cursor:
                await cursor.execute(_STATES, asked)
                rows = await cursor.fetchall()
        except BaseException:
            # Also when it is cancelled half-way: then an answer is still to come on it.
            connection.pgconn.finish()
            raise
        self._idle.append(connection)
        return rows


def _words(error: Exception) -> str:
    return " ".join(str(error).split())
