"""An event that can be sent can be read, and something is done with it."""

from typing import get_args

from multigrain import events
from multigrain.v1 import events_pb2
from streaming.decode import BODIES
from streaming.encode import BODY_NAMES
from streaming.handlers import HANDLERS


def event_types() -> set[type]:
    """Every member of the union `Event`, whose members are unions themselves."""
    found: set[type] = set()
    for member in get_args(events.Event):
        found |= set(get_args(member)) or {member}
    return found


def test_every_event_has_a_handler() -> None:
    assert len(event_types()) == 8
    assert set(HANDLERS) == event_types()


def test_every_event_can_be_sent() -> None:
    assert set(BODY_NAMES) == event_types()


def test_every_body_of_the_proto_can_be_read() -> None:
    bodies = {field.name for field in events_pb2.Event.DESCRIPTOR.oneofs_by_name["body"].fields}
    assert set(BODIES) == bodies == set(BODY_NAMES.values())
