"""Records for tests of the stream, from events as a producer would send them."""

from multigrain.events import Event
from streaming.encode import Encoded, encode_binary
from streaming.source import Headers, Partition, Record

ITEMS = Partition("multigrain.items", 0)


def a_record(
    value: bytes | None = None,
    *,
    event: Event | None = None,
    key: bytes | None = None,
    headers: Headers = (),
    position: int = 0,
    partition: Partition = ITEMS,
) -> Record:
    """A record of `value`, or of `event` as protobuf without a key."""
    if event is not None:
        value, headers = encode_binary(event).value, encode_binary(event).headers
    return Record(partition=partition, position=position, key=key, value=value, headers=headers)


def sent(encoded: Encoded, position: int = 0) -> Record:
    """The record that a broker makes of what `encode` gave."""
    return Record(partition=ITEMS, position=position, key=encoded.key, value=encoded.value, headers=encoded.headers)
