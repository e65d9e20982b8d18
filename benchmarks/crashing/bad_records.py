"""Records that no consumer can take: one maker for each way of being wrong."""

from collections.abc import Callable
from random import Random

from google.protobuf import json_format

from benchmarks.crashing.sent import Sent
from multigrain.events import Event
from streaming.decode import BINARY, CONTENT_TYPE, JSON
from streaming.encode import encode_binary, to_message, topic_kind_of


def bad_record(event: Event, random: Random) -> Sent:
    """`event`, spoilt in one of the ways; its topic stays."""
    key, value, content_type = random.choice(WAYS)(event, random)
    return Sent(
        topic_kind=topic_kind_of(event), key=key, value=value, headers=((CONTENT_TYPE, content_type),), event=None
    )


Spoilt = tuple[bytes, bytes | None, bytes]
"""Key, value, content type."""


def _undecodable(event: Event, random: Random) -> Spoilt:
    return encode_binary(event).key, b"\xff\xff" + random.randbytes(20), BINARY


def _somebody_elses_key(event: Event, random: Random) -> Spoilt:
    return b"not-" + encode_binary(event).key, encode_binary(event).value, BINARY


def _tombstone(event: Event, random: Random) -> Spoilt:
    return encode_binary(event).key, None, BINARY


def _unknown_content_type(event: Event, random: Random) -> Spoilt:
    return encode_binary(event).key, encode_binary(event).value, b"text/csv"


def _misspelt_json(event: Event, random: Random) -> Spoilt:
    value = json_format.MessageToJson(to_message(event), indent=None)
    return encode_binary(event).key, value.replace("eventId", "evnetId").encode(), JSON


def _without_time(event: Event, random: Random) -> Spoilt:
    message = to_message(event)
    message.ClearField("time")
    return encode_binary(event).key, message.SerializeToString(), BINARY


WAYS: tuple[Callable[[Event, Random], Spoilt], ...] = (
    _undecodable,
    _somebody_elses_key,
    _tombstone,
    _unknown_content_type,
    _misspelt_json,
    _without_time,
)
