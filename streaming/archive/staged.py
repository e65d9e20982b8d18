"""The Archive that a batch writes to: one row of SQL a table, in the transaction of everything else the batch did."""

from collections.abc import Callable, Sequence

import pyarrow as pa
import sqlalchemy as sa

from multigrain.catalog.tables import archive_batches
from multigrain.events import PROBE_USER, ActionEvent, BehaviorEvent, Searched
from streaming.archive.layout import EVENTS, SEARCHES, LogTable, event_rows, search_rows
from streaming.archive.packing import pack


class StagedArchive:
    """An Archive. What it keeps waits in SQL until it is rolled into files (roll.py)."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms

    def keep(self, connection: sa.Connection, fresh: Sequence[BehaviorEvent]) -> None:
        of_people = [event for event in fresh if event.user_id != PROBE_USER]
        searches = [event for event in of_people if isinstance(event, Searched)]
        actions = [event for event in of_people if isinstance(event, ActionEvent)]
        staged = []
        if searches:
            staged.append(self._staged(SEARCHES, searches, search_rows(searches)))
        if actions:
            staged.append(self._staged(EVENTS, actions, event_rows(actions)))
        if staged:
            connection.execute(sa.insert(archive_batches), staged)

    def _staged(self, table: LogTable, events: Sequence[BehaviorEvent], rows: pa.RecordBatch) -> dict[str, object]:
        times = [event.at_ms for event in events]
        packed = pack(rows)
        return {
            "log_table": table.name,
            "row_count": len(events),
            "first_ms": min(times),
            "last_ms": max(times),
            "staged_ms": self._clock_ms(),
            "size_bytes": len(packed),
            "packed": packed,
        }
