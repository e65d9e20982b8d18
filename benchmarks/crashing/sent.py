"""What a sender hands to the broker, and where it landed."""

from dataclasses import dataclass
from typing import NamedTuple

from multigrain.events import Event
from streaming.encode import TopicKind
from streaming.source import Headers, Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One record, with what its sender means by it."""

    topic_kind: TopicKind
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    event: Event | None
    """None: the record is bad, whoever reads it and whenever."""
    partition: int | None = None
    """None: the one of its key, so that records of one key keep their order. Otherwise they do not."""


class Place(NamedTuple):
    """Where a record stands in the log."""

    partition: Partition
    position: int


@dataclass(frozen=True, slots=True)
class Landed:
    """A record that the broker has acknowledged."""

    sent: Sent
    place: Place
