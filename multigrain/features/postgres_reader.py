"""User states from PostgreSQL, read by the event loop itself: no thread is woken, and none has to be waited for.

On the machine this was measured on, that is half of the time of a read through a thread and SQLAlchemy.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.errors import UndefinedColumn, UndefinedTable

from multigrain.errors import StoreUnavailable
from multigrain.features.stored_state import from_bytes
from multigrain.types import UserId, UserState

HUNG_SECONDS = 5.0
"""Much longer than a request waits. A connection that has not answered by then is given up."""
_STATES = "SELECT user_id, state, version FROM user_states WHERE user_id = ANY(%b::text[])"

Connection = psycopg.AsyncConnection[tuple[Any, ...]]  # Any: rows as the driver has them


class PostgresReader:
    """A StateReader. It has as many connections as reads at once."""

    def __init__(self, address: sa.URL, *, hung_seconds: float = HUNG_SECONDS) -> None:
        self._place = address.render_as_string(hide_password=True)
        self._conninfo = address.set(drivername="postgresql").render_as_string(hide_password=False)
        self._hung_seconds = hung_seconds
        self._idle: list[Connection] = []

    async def get_many(self, user_ids: Collection[UserId]) -> Mapping[UserId, UserState]:
        wanted = list(user_ids)
        try:
            async with asyncio.timeout(self._hung_seconds):
                rows = await self._rows(wanted)
        except TimeoutError:
            raise StoreUnavailable(f"{self._place}: no answer in {self._hung_seconds:g} s: is it overloaded?") from None
        except (UndefinedTable, UndefinedColumn) as error:
            raise StoreUnavailable(f"{self._place}: {_words(error)}: run `multigrain db upgrade`") from None
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise StoreUnavailable(f"{self._place}: {_words(error)}: is it running and reachable?") from None
        return {
            UserId(user_id): from_bytes(state, user_id=UserId(user_id), version=version)
            for user_id, state, version in rows
        }

    def close(self) -> None:
        for connection in self._idle:
            connection.pgconn.finish()
        self._idle.clear()

    async def _rows(self, wanted: list[UserId]) -> list[tuple[Any, ...]]:  # Any: rows as the driver has them
        while self._idle:
            try:
                return await self._read(self._idle.pop(), wanted)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                # The server was started anew, or a network has forgotten this connection; the others, too, perhaps.
                continue
        connection = await psycopg.AsyncConnection.connect(
            self._conninfo, autocommit=True, prepare_threshold=0, fallback_application_name="multigrain user states"
        )
        return await self._read(connection, wanted)

    async def _read(self, connection: Connection, wanted: list[UserId]) -> list[tuple[Any, ...]]:  # Any: see above
        try:
            async with connection.cursor(binary=True) as cursor:
                await cursor.execute(_STATES, (wanted,))
                rows = await cursor.fetchall()
        except BaseException:
            # Also when it is cancelled half-way: then an answer is still to come on it.
            connection.pgconn.finish()
            raise
        self._idle.append(connection)
        return rows


def _words(error: Exception) -> str:
    return " ".join(str(error).split())
