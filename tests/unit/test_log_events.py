"""Logs become events that a stream takes."""

from dataclasses import replace

import pyarrow as pa

from commands.log_events import behavior_events, catalogue_events
from streaming.decode import decode
from streaming.encode import encode_binary
from tests.small_training import small_logs
from tests.unit.streaming.records import sent


def test_items_of_unknown_age_were_there_when_the_logs_began() -> None:
    logs = small_logs()
    at = logs.catalog.schema.get_field_index("listed_ms")
    unknown = logs.catalog.set_column(at, logs.catalog.schema.field(at), pa.array([0] * len(logs.catalog), pa.int64()))

    events = list(catalogue_events(replace(logs, catalog=unknown)))

    assert {event.at_ms for event in events} == {next(behavior_events(logs)).at_ms}
    assert decode(sent(encode_binary(events[0])), now_ms=logs.last_ms) == events[0]
