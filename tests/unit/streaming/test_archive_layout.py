"""The rows that the archive writes are those of the log layout."""

from collections import Counter

from hypothesis import given

from multigrain.events import BehaviorEvent, Searched
from streaming.archive.catalogue import CATALOG_SCHEMA
from streaming.archive.layout import EVENTS, SEARCHES, event_rows, search_rows
from streaming.archive.packing import pack, unpack
from tests.unit.streaming.archived import expected, histories, rows_in
from trainer.data import logs


def test_the_archive_and_the_trainer_mean_the_same_tables() -> None:
    assert (SEARCHES.folder, EVENTS.folder) == (logs.SEARCHES, logs.EVENTS)
    assert SEARCHES.schema.equals(logs.SEARCHES_SCHEMA)
    assert EVENTS.schema.equals(logs.EVENTS_SCHEMA)
    assert CATALOG_SCHEMA.equals(logs.CATALOG_SCHEMA)


@given(histories())
def test_packed_rows_come_back_as_they_were(history: list[BehaviorEvent]) -> None:
    history = list({event.event_id: event for event in history}.values())
    searches = [event for event in history if isinstance(event, Searched)]
    actions = [event for event in history if not isinstance(event, Searched)]

    tables = (
        unpack(SEARCHES, [pack(search_rows(searches[:2])), pack(search_rows(searches[2:]))]),
        unpack(EVENTS, [pack(event_rows(actions))]),
    )

    assert Counter(row for table in tables for row in rows_in(table)) == expected(history)


def test_no_packets_are_a_table_without_rows() -> None:
    assert unpack(EVENTS, []).equals(EVENTS.schema.empty_table())
