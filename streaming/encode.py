"""Events -> records, for producers: the demo, tests, importers. `decode` reads back exactly what was given."""

import json
from dataclasses import dataclass
from enum import StrEnum

from google.protobuf import json_format

from multigrain.events import (
    BehaviorEvent,
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
from multigrain.types import ItemStatus
from multigrain.v1 import events_pb2
from streaming.decode import BINARY, CONTENT_TYPE, JSON, key_of
from streaming.source import Headers


class TopicKind(StrEnum):
    """Which of the two topics an event belongs to; settings give their names."""

    ITEMS = "items"
    BEHAVIOR = "behavior"


@dataclass(frozen=True, slots=True)
class Encoded:
    """What a producer sends."""

    topic_kind: TopicKind
    key: bytes
    value: bytes
    headers: Headers


WIRE_STATUS: dict[ItemStatus, events_pb2.ItemStatus] = {
    ItemStatus.ACTIVE: events_pb2.ITEM_STATUS_ACTIVE,
    ItemStatus.INACTIVE: events_pb2.ITEM_STATUS_INACTIVE,
}

BODY_NAMES: dict[type[Event], str] = {
    ItemUpserted: "item_upserted",
    ItemPatched: "item_patched",
    ItemRemoved: "item_removed",
    Searched: "searched",
    Clicked: "clicked",
    Collected: "collected",
    Carted: "carted",
    Ordered: "ordered",
}


def encode_binary(event: Event) -> Encoded:
    value = to_message(event).SerializeToString(deterministic=True)
    return Encoded(topic_kind_of(event), key_of(event).encode(), value, ((CONTENT_TYPE, BINARY),))


def encode_json(event: Event) -> Encoded:
    value = json_format.MessageToJson(to_message(event), indent=None, ensure_ascii=False)
    return Encoded(topic_kind_of(event), key_of(event).encode(), value.encode(), ((CONTENT_TYPE, JSON),))


def encode_line(event: Event, topic: str) -> str:
    """The event as one line of an events file, without the line's end."""
    value = json_format.MessageToDict(to_message(event))
    return json.dumps({"topic": topic, "key": key_of(event), "value": value}, ensure_ascii=False)


def topic_kind_of(event: Event) -> TopicKind:
    return TopicKind.BEHAVIOR if isinstance(event, BehaviorEvent) else TopicKind.ITEMS


def to_message(event: Event) -> events_pb2.Event:
    """The wire form of an event."""
    message = events_pb2.Event(event_id=event.event_id)
    message.time.FromMilliseconds(event.at_ms)
    body = getattr(message, BODY_NAMES[type(event)])
    body.SetInParent()
    if isinstance(event, ItemUpserted):
        _fill_upserted(body, event)
    elif isinstance(event, ItemPatched):
        _fill_patched(body, event)
    elif isinstance(event, ItemRemoved):
        body.item_id, body.source_version = event.item_id, event.source_version
    elif isinstance(event, Searched):
        body.user_id, body.search_id, body.query = event.user_id, event.search_id, event.query
        body.exposed_item_ids.extend(event.exposed_item_ids)
    else:
        body.user_id, body.item_id, body.search_id = event.user_id, event.item_id, event.search_id or ""
    return message


def _fill_upserted(body: events_pb2.ItemUpserted, event: ItemUpserted) -> None:
    item = event.item
    body.item_id, body.source_version = item.item_id, item.source_version
    body.title, body.brand, body.shop = item.title, item.brand, item.shop
    body.category_path.extend(item.category_path)
    body.price, body.stock, body.status = item.price, item.stock, _wire_status(item.status)
    body.attributes.update(item.attributes)


def _fill_patched(body: events_pb2.ItemPatched, event: ItemPatched) -> None:
    body.item_id, body.source_version = event.item_id, event.source_version
    if event.price is not None:
        body.price = event.price
    if event.stock is not None:
        body.stock = event.stock
    if event.status is not None:
        body.status = _wire_status(event.status)


def _wire_status(status: ItemStatus) -> events_pb2.ItemStatus:
    if status not in WIRE_STATUS:
        raise ValueError(f"status {status.name} does not travel: send ItemRemoved instead")
    return WIRE_STATUS[status]
