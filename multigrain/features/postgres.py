"""The feature store's statements on PostgreSQL: a batch is one array a column, whatever its size.

They are psycopg's, and not SQLAlchemy's: %b sends a value as it is in memory, where text would escape every byte of a
state; and a statement of one text is planned once a connection.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import sqlalchemy as sa
from psycopg.errors import CheckViolation

from multigrain.errors import StoreUnavailable
from multigrain.features.days import DAY_MS, day_of, make_days, missing_days
from multigrain.features.news import EventKey, UserEvent
from multigrain.features.rows import StateRow
from multigrain.types import Behavior, UserId

_INSERT_EVENTS = """
INSERT INTO user_events
    (event_id, user_id, at_ms, action, item_id, search_id, query, leaf_category, top_category, brand, shop)
SELECT * FROM unnest(
    %b::text[], %b::text[], %b::bigint[], %b::smallint[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[],
    %b::text[], %b::text[])
ON CONFLICT DO NOTHING
RETURNING event_id, at_ms
"""
_STATES = "SELECT user_id, state, version, newest_ms FROM user_states WHERE user_id = ANY(%b::text[])"
# A row that another writer changed since we read it is locked by this statement, and left as it is.
_WRITE_STATES = """
INSERT INTO user_states AS stored (user_id, state, version, newest_ms)
SELECT * FROM unnest(%b::text[], %b::bytea[], %b::bigint[], %b::bigint[])
ON CONFLICT (user_id) DO UPDATE
SET state = excluded.state, version = excluded.version, newest_ms = excluded.newest_ms
WHERE stored.version = excluded.version - 1
RETURNING user_id
"""


class PostgresRows:
    """Rows on PostgreSQL."""

    def insert_events(self, connection: sa.Connection, events: Sequence[UserEvent]) -> set[EventKey]:
        if missing := missing_days(connection, _days(events)):
            make_days(connection.engine, missing)
        columns = tuple(list(column) for column in zip(*map(_event_row, events), strict=True))
        try:
            inserted = connection.exec_driver_sql(_INSERT_EVENTS, columns).all()
        except sa.exc.IntegrityError as error:
            if isinstance(error.orig, CheckViolation):
                raise StoreUnavailable("a day of user_events was dropped while it was written: try again") from None
            raise
        return {(event_id, at_ms) for event_id, at_ms in inserted}

    def states(self, connection: sa.Connection, users: Collection[UserId]) -> Mapping[UserId, StateRow]:
        rows = connection.exec_driver_sql(_STATES, (list(users),)).all()
        return {user_id: StateRow(user_id, *row) for user_id, *row in rows}

    def write_states(self, connection: sa.Connection, rows: Sequence[StateRow]) -> set[UserId]:
        columns = tuple(list(column) for column in zip(*rows, strict=True))
        return set(connection.exec_driver_sql(_WRITE_STATES, columns).scalars().all())


def _days(events: Sequence[UserEvent]) -> set[date]:
    return {day_of(number * DAY_MS) for number in {event.at_ms // DAY_MS for event in events}}


def _event_row(event: UserEvent) -> tuple[str | int | None, ...]:
    """In the order of the columns above."""
    if isinstance(event, Behavior):
        return (
            event.event_id,
            event.user_id,
            event.at_ms,
            int(event.action),
            event.item_id,
            event.search_id,
            None,
            event.leaf_category,
            event.top_category,
            event.brand,
            event.shop,
        )
    return (event.event_id, event.user_id, event.at_ms, None, None, None, event.text, "", "", "", "")
