"""The tables of the log layout (docs/data.md) that the stream fills, and events as their rows.

The trainer states the same schemas for itself: programs do not import one another, and the floor does without Arrow.
A test holds the two against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from multigrain.events import ACTION_OF, ActionEvent, Searched

_TEXT = pa.string()


@dataclass(frozen=True, slots=True)
class LogTable:
    """A table that grows by part files."""

    name: str
    schema: pa.Schema
    id_column: str

    @property
    def folder(self) -> str:
        return f"{self.name}.parquet"


SEARCHES = LogTable(
    "searches",
    pa.schema(
        [
            pa.field("search_id", _TEXT, nullable=False),
            pa.field("user_id", _TEXT, nullable=False),
            pa.field("at_ms", pa.int64(), nullable=False),
            pa.field("query", _TEXT, nullable=False),
            pa.field("exposed_item_ids", pa.list_(_TEXT), nullable=False),
        ]
    ),
    "search_id",
)
EVENTS = LogTable(
    "events",
    pa.schema(
        [
            pa.field("event_id", _TEXT, nullable=False),
            pa.field("user_id", _TEXT, nullable=False),
            pa.field("item_id", _TEXT, nullable=False),
            pa.field("action", _TEXT, nullable=False),
            pa.field("at_ms", pa.int64(), nullable=False),
            pa.field("search_id", _TEXT),
        ]
    ),
    "event_id",
)
TABLES = (SEARCHES, EVENTS)
"""In the order in which they are written: a reader who finds an event finds its search, too."""

_ACTION_NAMES = {kind: action.name.lower() for kind, action in ACTION_OF.items()}


def search_rows(searches: Sequence[Searched]) -> pa.RecordBatch:
    columns: list[Sequence[object]] = [
        [event.search_id for event in searches],
        [event.user_id for event in searches],
        [event.at_ms for event in searches],
        [event.query for event in searches],
        [event.exposed_item_ids for event in searches],
    ]
    return _rows(SEARCHES, columns)


def event_rows(actions: Sequence[ActionEvent]) -> pa.RecordBatch:
    columns: list[Sequence[object]] = [
        [event.event_id for event in actions],
        [event.user_id for event in actions],
        [event.item_id for event in actions],
        [_ACTION_NAMES[type(event)] for event in actions],
        [event.at_ms for event in actions],
        [event.search_id for event in actions],
    ]
    return _rows(EVENTS, columns)


def _rows(table: LogTable, columns: Sequence[Sequence[object]]) -> pa.RecordBatch:
    arrays = [pa.array(values, field.type) for values, field in zip(columns, table.schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)
