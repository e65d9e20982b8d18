"""The feature store in SQL: raw events by day, and one row a user with what a request needs.

The order inside a transaction: raw events first, because their primary key says which are new; then the rows of their
users. Both in order of key, so that two writers never wait for each other in a circle.
"""

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from multigrain.database import Bind, reading, writing
from multigrain.features.appended import appended
from multigrain.features.news import News, by_user, each_once
from multigrain.features.postgres import PostgresRows
from multigrain.features.rows import Rows, StateRow
from multigrain.features.sqlite import SqliteRows
from multigrain.features.stored_state import from_bytes
from multigrain.types import Behavior, UserId, UserQuery, UserState

NO_VERSION = 0
"""Of a state that was never stored."""


class SqlFeatureStore:
    """A FeatureStore over SQLite or PostgreSQL. With a Connection it writes inside the transaction open there."""

    def __init__(self, bind: Bind) -> None:
        self._bind = bind
        self._rows: Rows = PostgresRows() if bind.dialect.name == "postgresql" else SqliteRows()

    def get(self, user_id: UserId) -> UserState | None:
        return self.get_many((user_id,)).get(user_id)

    def get_many(self, user_ids: Collection[UserId]) -> Mapping[UserId, UserState]:
        with reading(self._bind) as connection:
            rows = self._rows.states(connection, user_ids)
        return {user_id: from_bytes(row.state, user_id=user_id, version=row.version) for user_id, row in rows.items()}

    def record(self, behaviors: Sequence[Behavior], queries: Sequence[UserQuery]) -> frozenset[str]:
        events = each_once(behaviors, queries)
        if not events:
            return frozenset()
        with writing(self._bind) as connection:
            new = self._rows.insert_events(connection, [events[key] for key in sorted(events)])
            fresh = [event for key, event in events.items() if key in new]
            self._write_states(connection, by_user(fresh))
        return frozenset(event.event_id for event in fresh)

    def _write_states(self, connection: sa.Connection, news: Mapping[UserId, News]) -> None:
        """Reads, adds and writes. Whose row another writer changed in between is done again: it is locked by then."""
        left = sorted(news)
        while left:
            stored = self._rows.states(connection, left)
            written = self._rows.write_states(
                connection, [_next_row(user_id, stored.get(user_id), news[user_id]) for user_id in left]
            )
            left = [user_id for user_id in left if user_id not in written]


def _next_row(user_id: UserId, row: StateRow | None, news: News) -> StateRow:
    state, newest_ms = appended(row.state if row else b"", news)
    return StateRow(user_id, state, (row.version if row else NO_VERSION) + 1, newest_ms)
