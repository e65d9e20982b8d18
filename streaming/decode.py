"""Records -> events. The one reader of the wire form; what it lets through can be stored as it is.

Anything wrong raises InvalidEvent, which names the field by its path in events.proto (`item_upserted.price`) or the
part of the record (`key`, `value`, `content-type`). It knows neither topics nor stores.
"""

from collections.abc import Callable
from typing import NamedTuple

from google.protobuf import json_format
from google.protobuf.message import DecodeError

from multigrain.errors import InvalidEvent
from multigrain.events import (
    Carted,
    Clicked,
    Collected,
    Event,
    ItemPatched,
    ItemRemoved,
    ItemUpserted,
    Ordered,
    Searched,
)
from multigrain.types import Item, ItemId, ItemStatus, UserId
from multigrain.v1 import events_pb2
from streaming import fields
from streaming.source import Record

CONTENT_TYPE = "content-type"
BINARY = b"application/x-protobuf"
JSON = b"application/json"
VALUE_BYTES_MAX = 1 << 20

STATUS_OF: dict[int, ItemStatus] = {
    events_pb2.ITEM_STATUS_ACTIVE: ItemStatus.ACTIVE,
    events_pb2.ITEM_STATUS_INACTIVE: ItemStatus.INACTIVE,
}


class Stamp(NamedTuple):
    """What every event has."""

    event_id: str
    at_ms: int


def decode(record: Record, *, now_ms: int) -> Event:
    """The event in this record. `now_ms` bounds how far ahead a sender's clock may be."""
    message = _parse(record)
    kind = message.WhichOneof("body")
    if kind is None:
        raise InvalidEvent("body", "is not set", cure=f"set one of {', '.join(BODIES)}")
    stamp = Stamp(fields.an_id("event_id", message.event_id), _time_ms(message, now_ms))
    event = BODIES[kind](kind, getattr(message, kind), stamp)
    _check_key(record.key, event)
    return event


def key_of(event: Event) -> str:
    """What a record of this event is keyed by: all events of one item, or of one user, keep their order."""
    if isinstance(event, ItemUpserted):
        return event.item.item_id
    if isinstance(event, (ItemPatched, ItemRemoved)):
        return event.item_id
    return event.user_id


def _parse(record: Record) -> events_pb2.Event:
    if not record.value:
        raise InvalidEvent("value", "is empty", cure="send one multigrain.v1.Event; a removal is item_removed")
    if len(record.value) > VALUE_BYTES_MAX:
        raise InvalidEvent("value", f"has {len(record.value)} bytes", cure=f"send at most {VALUE_BYTES_MAX}")
    given = (record.header(CONTENT_TYPE) or BINARY).split(b";")[0].strip().lower()
    parse = PARSERS.get(given)
    if parse is None:
        known = " or ".join(name.decode() for name in PARSERS)
        raise InvalidEvent(CONTENT_TYPE, f"is {given[:80].decode('utf-8', 'replace')!r}", cure=f"send {known}")
    return parse(record.value)


def _parse_binary(value: bytes) -> events_pb2.Event:
    try:
        return events_pb2.Event.FromString(value)
    except DecodeError:
        raise InvalidEvent(
            "value",
            "is not a protobuf multigrain.v1.Event",
            cure=f"send one, or say what it is in the header {CONTENT_TYPE}",
        ) from None


def _parse_json(value: bytes) -> events_pb2.Event:
    # Unknown names are refused: a misspelt optional field would be lost without a trace. Deep nesting ends in
    # RecursionError, bad UTF-8 and lone surrogates in ValueError.
    try:
        return json_format.Parse(value.decode("utf-8"), events_pb2.Event())
    except (json_format.ParseError, ValueError, RecursionError, DecodeError) as error:
        problem = f"is not the JSON of a multigrain.v1.Event ({str(error)[:200]})"
        raise InvalidEvent("value", problem, cure="send canonical proto JSON in UTF-8") from None


PARSERS = {BINARY: _parse_binary, JSON: _parse_json}


def _time_ms(message: events_pb2.Event, now_ms: int) -> int:
    if not message.HasField("time"):
        raise InvalidEvent("time", "is not set", cure="send when it happened")
    time = message.time
    return fields.time_ms("time", time.seconds * 1000 + time.nanos // 1_000_000, now_ms)


def _check_key(key: bytes | None, event: Event) -> None:
    wanted = key_of(event)
    if key is not None and key != wanted.encode():
        shown = key[:80].decode("utf-8", "replace")
        raise InvalidEvent("key", f"is {shown!r}, the event is about {wanted!r}", cure="key records by item or user id")


def _status(field: str, value: int) -> ItemStatus:
    if value not in STATUS_OF:
        known = ", ".join(status.name for status in STATUS_OF.values())
        raise InvalidEvent(
            field, f"is {value}", cure=f"send ITEM_STATUS_ and one of {known}; a removal is item_removed"
        )
    return STATUS_OF[value]


def _item_upserted(at: str, body: events_pb2.ItemUpserted, stamp: Stamp) -> ItemUpserted:
    item = Item(
        item_id=ItemId(fields.an_id(f"{at}.item_id", body.item_id)),
        title=fields.filled_text(f"{at}.title", body.title, fields.TITLE_BYTES_MAX),
        brand=fields.text(f"{at}.brand", body.brand, fields.NAME_BYTES_MAX),
        category_path=fields.category_path(f"{at}.category_path", body.category_path),
        shop=fields.text(f"{at}.shop", body.shop, fields.NAME_BYTES_MAX),
        price=fields.price(f"{at}.price", body.price),
        stock=fields.stock(f"{at}.stock", body.stock),
        status=_status(f"{at}.status", body.status),
        attributes=fields.attributes(f"{at}.attributes", body.attributes),
        source_version=fields.source_version(f"{at}.source_version", body.source_version),
    )
    return ItemUpserted(event_id=stamp.event_id, at_ms=stamp.at_ms, item=item)


def _item_patched(at: str, body: events_pb2.ItemPatched, stamp: Stamp) -> ItemPatched:
    if not any(body.HasField(name) for name in ("price", "stock", "status")):
        raise InvalidEvent(at, "changes nothing", cure="set price, stock or status")
    return ItemPatched(
        event_id=stamp.event_id,
        at_ms=stamp.at_ms,
        item_id=ItemId(fields.an_id(f"{at}.item_id", body.item_id)),
        source_version=fields.source_version(f"{at}.source_version", body.source_version),
        price=fields.price(f"{at}.price", body.price) if body.HasField("price") else None,
        stock=fields.stock(f"{at}.stock", body.stock) if body.HasField("stock") else None,
        status=_status(f"{at}.status", body.status) if body.HasField("status") else None,
    )


def _item_removed(at: str, body: events_pb2.ItemRemoved, stamp: Stamp) -> ItemRemoved:
    return ItemRemoved(
        event_id=stamp.event_id,
        at_ms=stamp.at_ms,
        item_id=ItemId(fields.an_id(f"{at}.item_id", body.item_id)),
        source_version=fields.source_version(f"{at}.source_version", body.source_version),
    )


def _searched(at: str, body: events_pb2.Searched, stamp: Stamp) -> Searched:
    if len(body.exposed_item_ids) > fields.EXPOSED_MAX:
        problem = f"has {len(body.exposed_item_ids)} ids"
        raise InvalidEvent(f"{at}.exposed_item_ids", problem, cure=f"send at most {fields.EXPOSED_MAX}")
    return Searched(
        event_id=stamp.event_id,
        at_ms=stamp.at_ms,
        user_id=UserId(fields.an_id(f"{at}.user_id", body.user_id)),
        search_id=fields.an_id(f"{at}.search_id", body.search_id),
        query=fields.filled_text(f"{at}.query", body.query, fields.QUERY_BYTES_MAX),
        exposed_item_ids=tuple(
            ItemId(fields.an_id(f"{at}.exposed_item_ids", item_id)) for item_id in body.exposed_item_ids
        ),
    )


ActionBody = events_pb2.Clicked | events_pb2.Collected | events_pb2.Carted | events_pb2.Ordered


def _action(event: type[Clicked | Collected | Carted | Ordered]) -> Callable[[str, ActionBody, Stamp], Event]:
    def read(at: str, body: ActionBody, stamp: Stamp) -> Event:
        return event(
            event_id=stamp.event_id,
            at_ms=stamp.at_ms,
            user_id=UserId(fields.an_id(f"{at}.user_id", body.user_id)),
            item_id=ItemId(fields.an_id(f"{at}.item_id", body.item_id)),
            search_id=fields.an_id(f"{at}.search_id", body.search_id) if body.search_id else None,
        )

    return read


# The values take different bodies, each the one that its key names in the proto: no common type says that.
BODIES: dict[str, Callable[..., Event]] = {
    "item_upserted": _item_upserted,
    "item_patched": _item_patched,
    "item_removed": _item_removed,
    "searched": _searched,
    "clicked": _action(Clicked),
    "collected": _action(Collected),
    "carted": _action(Carted),
    "ordered": _action(Ordered),
}
