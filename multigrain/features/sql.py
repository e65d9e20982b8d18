"""The feature store in SQL: raw events by event id, and one row a user with what a request needs.

The order inside a transaction: raw events first, because their primary key says which are new; then the rows of their
users. Both in order of key, so that two writers never wait for each other in a circle.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from multigrain.catalog.tables import user_events, user_states
from multigrain.database import Bind, reading, writing
from multigrain.features.recorded import recorded
from multigrain.features.stored_state import from_bytes, to_bytes
from multigrain.types import Behavior, UserId, UserQuery, UserState

USERS_AT_ONCE = 1_000
"""In one statement; every database has a limit on parameters."""


class SqlFeatureStore:
    """A FeatureStore over SQLite or PostgreSQL. With a Connection it writes inside the transaction open there."""

    def __init__(self, bind: Bind) -> None:
        self._bind = bind
        self._dialect = postgresql if bind.dialect.name == "postgresql" else sqlite

    def get(self, user_id: UserId) -> UserState | None:
        with reading(self._bind) as connection:
            row = connection.execute(sa.select(user_states).where(user_states.c.user_id == user_id)).first()
            return _state(row) if row else None

    def record(self, behaviors: Sequence[Behavior], queries: Sequence[UserQuery]) -> int:
        events: dict[str, Behavior | UserQuery] = {}
        given: list[Behavior | UserQuery] = [*behaviors, *queries]
        for event in given:
            events.setdefault(event.event_id, event)
        if not events:
            return 0
        with writing(self._bind) as connection:
            new_ids = self._insert_events(connection, [events[event_id] for event_id in sorted(events)])
            fresh = [event for event_id, event in events.items() if event_id in new_ids]
            users = sorted({event.user_id for event in fresh})
            for start in range(0, len(users), USERS_AT_ONCE):
                self._record(connection, users[start : start + USERS_AT_ONCE], fresh)
        return len(fresh)

    def _insert_events(self, connection: sa.Connection, events: Sequence[Behavior | UserQuery]) -> set[str]:
        """Writes the raw rows and returns the ids of those that were not there."""
        insert = self._dialect.insert(user_events).on_conflict_do_nothing().returning(user_events.c.event_id)
        return set(connection.execute(insert, [_raw(event) for event in events]).scalars())

    def _record(
        self, connection: sa.Connection, users: Sequence[UserId], events: Sequence[Behavior | UserQuery]
    ) -> None:
        behaviors: dict[UserId, list[Behavior]] = {user_id: [] for user_id in users}
        queries: dict[UserId, list[UserQuery]] = {user_id: [] for user_id in users}
        for event in events:
            if event.user_id not in behaviors:
                continue
            if isinstance(event, Behavior):
                behaviors[event.user_id].append(event)
            else:
                queries[event.user_id].append(event)
        changed = [
            recorded(state, behaviors[state.user_id], queries[state.user_id])
            for state in self._locked_states(connection, users)
        ]
        update = sa.update(user_states).where(user_states.c.user_id == sa.bindparam("this_user"))
        connection.execute(
            update.values(
                state=sa.bindparam("new_state"), version=sa.bindparam("new_version"), newest_ms=sa.bindparam("newest")
            ),
            [
                {
                    "this_user": state.user_id,
                    "new_state": to_bytes(state),
                    "new_version": state.version,
                    "newest": state.newest_ms,
                }
                for state in changed
            ],
        )

    def _locked_states(self, connection: sa.Connection, users: Sequence[UserId]) -> list[UserState]:
        """The users' states, held to the end of the transaction. A user who is new gets a row first: there is no lock
        on a row that does not exist, and two writers would each begin from nothing.
        """
        first = [{"user_id": user_id, "state": b"", "version": 0, "newest_ms": None} for user_id in users]
        connection.execute(self._dialect.insert(user_states).on_conflict_do_nothing(), first)
        select = sa.select(user_states).where(user_states.c.user_id.in_(users)).order_by(user_states.c.user_id)
        return [_state(row) for row in connection.execute(select.with_for_update())]


def _state(row: sa.Row[Any]) -> UserState:  # Any: a row of mixed columns
    return from_bytes(row.state, user_id=UserId(row.user_id), version=row.version)


def _raw(event: Behavior | UserQuery) -> dict[str, object]:
    row: dict[str, object] = {"event_id": event.event_id, "user_id": event.user_id, "at_ms": event.at_ms}
    if isinstance(event, UserQuery):
        sides = dict.fromkeys(("leaf_category", "top_category", "brand", "shop"), "")
        return {**row, **sides, "action": None, "item_id": None, "search_id": None, "query": event.text}
    return {
        **row,
        "action": int(event.action),
        "item_id": event.item_id,
        "search_id": event.search_id,
        "query": None,
        "leaf_category": event.leaf_category,
        "top_category": event.top_category,
        "brand": event.brand,
        "shop": event.shop,
    }
