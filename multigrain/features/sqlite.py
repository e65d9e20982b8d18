"""The feature store's statements on SQLite. It has one writer at a time, so what was read stays true to the commit."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from multigrain.catalog.tables import user_events, user_states
from multigrain.features.news import EventKey, UserEvent
from multigrain.features.rows import StateRow
from multigrain.types import Behavior, UserId

AT_ONCE = 1_000
"""In one statement, which may have 32,766 parameters."""


class SqliteRows:
    """Rows on SQLite. Reads first and then writes what is missing: quicker than to ask each row what became of it."""

    def insert_events(self, connection: sa.Connection, events: Sequence[UserEvent]) -> set[EventKey]:
        there: set[EventKey] = set()
        for ids in _parts([event.event_id for event in events]):
            select = sa.select(user_events.c.event_id, user_events.c.at_ms).where(user_events.c.event_id.in_(ids))
            there.update((row.event_id, row.at_ms) for row in connection.execute(select))
        fresh = [event for event in events if (event.event_id, event.at_ms) not in there]
        if fresh:
            connection.execute(sa.insert(user_events), [_event_row(event) for event in fresh])
        return {(event.event_id, event.at_ms) for event in fresh}

    def states(self, connection: sa.Connection, users: Collection[UserId]) -> Mapping[UserId, StateRow]:
        found: dict[UserId, StateRow] = {}
        for ids in _parts(list(users)):
            rows = connection.execute(sa.select(user_states).where(user_states.c.user_id.in_(ids)))
            found.update((UserId(row.user_id), StateRow(*row)) for row in rows)
        return found

    def write_states(self, connection: sa.Connection, rows: Sequence[StateRow]) -> set[UserId]:
        write = insert(user_states)
        columns = {name: write.excluded[name] for name in ("state", "version", "newest_ms")}
        connection.execute(write.on_conflict_do_update(set_=columns), [row._asdict() for row in rows])
        return {row.user_id for row in rows}


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _event_row(event: UserEvent) -> dict[str, object]:
    row: dict[str, object] = {"event_id": event.event_id, "user_id": event.user_id, "at_ms": event.at_ms}
    if isinstance(event, Behavior):
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
    sides = dict.fromkeys(("leaf_category", "top_category", "brand", "shop"), "")
    return {**row, **sides, "action": None, "item_id": None, "search_id": None, "query": event.text}
