"""What gets in, what does not, and with which field's name it is refused."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

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
from streaming.decode import decode
from streaming.encode import Encoded, encode_binary, encode_json, to_message
from streaming.source import Headers
from tests.builders import NOON_MS, a_click, a_search, an_item, an_upsert
from tests.unit.streaming.records import a_record, sent

JSON: Headers = (("content-type", b"application/json"),)

ids = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=32)
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=40)
filled = texts.filter(lambda text: text.strip() != "")
levels = filled.filter(lambda text: "/" not in text)
times = st.integers(946_684_800_000, NOON_MS + 86_400_000)
versions = st.integers(1, 2**63 - 1)
prices = st.floats(0, 1e12)
stocks = st.integers(0, 2**63 - 1)
on_sale = st.sampled_from([ItemStatus.ACTIVE, ItemStatus.INACTIVE])
items = st.builds(
    Item,
    item_id=ids.map(ItemId),
    title=filled,
    brand=texts,
    category_path=st.lists(levels, min_size=1, max_size=3).map(tuple),
    shop=texts,
    price=prices,
    stock=stocks,
    status=on_sale,
    attributes=st.dictionaries(filled, texts, max_size=3),
    source_version=versions,
)
stamp = {"event_id": ids, "at_ms": times}
action = {
    **stamp,
    "user_id": ids.map(UserId),
    "item_id": ids.map(ItemId),
    "search_id": st.none() | ids,
}
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(ItemUpserted, **stamp, item=items),
    st.builds(
        ItemPatched,
        **stamp,
        item_id=ids.map(ItemId),
        source_version=versions,
        price=st.none() | prices,
        stock=st.none() | stocks,
        status=st.none() | on_sale,
    ).filter(lambda patch: (patch.price, patch.stock, patch.status) != (None, None, None)),
    st.builds(ItemRemoved, **stamp, item_id=ids.map(ItemId), source_version=versions),
    st.builds(
        Searched,
        **stamp,
        user_id=ids.map(UserId),
        search_id=ids,
        query=filled,
        exposed_item_ids=st.lists(ids.map(ItemId), max_size=4).map(tuple),
    ),
    *(st.builds(kind, **action) for kind in (Clicked, Collected, Carted, Ordered)),
)


@given(events, st.sampled_from([encode_binary, encode_json]))
def test_what_a_producer_sends_is_what_arrives(event: Event, encode: Callable[[Event], Encoded]) -> None:
    assert decode(sent(encode(event)), now_ms=NOON_MS) == event


@given(st.binary(max_size=400), st.sampled_from([(), JSON]))
@example(b"[" * 100_000, JSON)
@example(b'{"eventId": "\\ud800"}', JSON)
@example(b'{"clicked": {}, "carted": {}}', JSON)
@example(b'{"itemUpserted": {"price": 1e999}}', JSON)
@example(b"\xff\xfe", JSON)
@example(b"null", JSON)
@settings(max_examples=400)
def test_no_bytes_raise_anything_but_an_invalid_event(value: bytes, headers: Headers) -> None:
    with pytest.raises(InvalidEvent):
        decode(a_record(value, headers=headers), now_ms=NOON_MS)


@given(events, st.data())
@settings(max_examples=400)
def test_damaged_events_are_refused_or_are_events(event: Event, data: st.DataObject) -> None:
    value = bytearray(encode_binary(event).value)
    for _ in range(data.draw(st.integers(1, 4))):
        value[data.draw(st.integers(0, len(value) - 1))] = data.draw(st.integers(0, 255))
    try:
        survivor = decode(a_record(bytes(value)), now_ms=NOON_MS)
    except InvalidEvent:
        return
    # What was let through is whole: it can be sent on and read again.
    assert decode(sent(encode_binary(survivor)), now_ms=NOON_MS) == survivor


def _upsert(**changes: object) -> events_pb2.Event:
    return to_message(ItemUpserted(event_id="e-1", at_ms=NOON_MS, item=an_item(**changes)))


def _without_time() -> events_pb2.Event:
    message = to_message(a_click())
    message.ClearField("time")
    return message


def _at(at_ms: int) -> events_pb2.Event:
    message = to_message(a_click())
    message.time.FromMilliseconds(at_ms)
    return message


def _patch(**fields: object) -> events_pb2.Event:
    message = to_message(a_click())
    message.item_patched.item_id, message.item_patched.source_version = "sku-1", 2
    for name, value in fields.items():
        setattr(message.item_patched, name, value)
    return message


def _status(number: int) -> events_pb2.Event:
    message = _upsert()
    message.item_upserted.status = number  # type: ignore[assignment]  # numbers outside the enum travel, too
    return message


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (_upsert(item_id=ItemId("")), "item_upserted.item_id"),
        (_upsert(item_id=ItemId("x" * 129)), "item_upserted.item_id"),
        (_upsert(item_id=ItemId("é" * 65)), "item_upserted.item_id"),
        (_upsert(item_id=ItemId("sku\n1")), "item_upserted.item_id"),
        (_upsert(title=" "), "item_upserted.title"),
        (_upsert(title="a\x00b"), "item_upserted.title"),
        (_upsert(title="x" * 1025), "item_upserted.title"),
        (_upsert(brand="x" * 257), "item_upserted.brand"),
        (_upsert(shop="\x00"), "item_upserted.shop"),
        (_upsert(category_path=()), "item_upserted.category_path"),
        (_upsert(category_path=("sports", "")), "item_upserted.category_path"),
        (_upsert(category_path=("sports/shoes",)), "item_upserted.category_path"),
        (_upsert(category_path=("x" * 200,) * 3), "item_upserted.category_path"),
        (_upsert(price=-0.01), "item_upserted.price"),
        (_upsert(price=float("nan")), "item_upserted.price"),
        (_upsert(price=float("inf")), "item_upserted.price"),
        (_upsert(stock=-1), "item_upserted.stock"),
        (_upsert(source_version=0), "item_upserted.source_version"),
        (_upsert(attributes={"colour": "\x00"}), "item_upserted.attributes"),
        (_status(0), "item_upserted.status"),
        (_status(77), "item_upserted.status"),
        (_patch(), "item_patched"),
        (_patch(price=-1.0), "item_patched.price"),
        (_patch(status=0), "item_patched.status"),
        (to_message(a_search(query="")), "searched.query"),
        (to_message(a_search(exposed=("sku-1", ""))), "searched.exposed_item_ids"),
        (to_message(a_click("")), "clicked.item_id"),
        (to_message(a_click(user_id="")), "clicked.user_id"),
        (_without_time(), "time"),
        (_at(1_762_162_200), "time"),  # seconds, sent as milliseconds: January 1970
        (_at(NOON_MS + 2 * 86_400_000), "time"),
        (events_pb2.Event(event_id="e-1"), "body"),
    ],
)
def test_the_field_that_is_wrong_is_named(message: events_pb2.Event, field: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        decode(a_record(message.SerializeToString()), now_ms=NOON_MS)
    assert refused.value.field == field
    assert refused.value.cure


def test_an_event_without_an_id_is_refused() -> None:
    message = to_message(a_click())
    message.event_id = ""
    with pytest.raises(InvalidEvent, match=r"^event_id: is empty"):
        decode(a_record(message.SerializeToString()), now_ms=NOON_MS)


@pytest.mark.parametrize("value", [None, b""])
def test_a_tombstone_is_refused(value: bytes | None) -> None:
    with pytest.raises(InvalidEvent, match=r"^value: is empty"):
        decode(a_record(value), now_ms=NOON_MS)


def test_an_oversized_record_is_refused_unread() -> None:
    with pytest.raises(InvalidEvent, match="1048577 bytes"):
        decode(a_record(b"x" * 1_048_577), now_ms=NOON_MS)


def test_an_unknown_content_type_is_refused() -> None:
    record = a_record(encode_binary(a_click()).value, headers=(("content-type", b"application/avro"),))
    with pytest.raises(InvalidEvent, match=r"^content-type: is 'application/avro'"):
        decode(record, now_ms=NOON_MS)


def test_the_content_type_may_carry_parameters() -> None:
    encoded = encode_json(a_click())
    record = a_record(encoded.value, headers=(("content-type", b"Application/JSON; charset=utf-8"),))
    assert decode(record, now_ms=NOON_MS) == a_click()


def test_a_misspelt_json_field_is_refused_by_its_name() -> None:
    value = encode_json(an_upsert()).value.replace(b'"brand"', b'"brnad"')
    with pytest.raises(InvalidEvent, match="brnad"):
        decode(a_record(value, headers=JSON), now_ms=NOON_MS)


def test_a_binary_field_of_a_newer_sender_is_passed_over() -> None:
    # Field 99, wire type 2, three bytes: what a later events.proto may add.
    value = encode_binary(a_click()).value + bytes([0x9A, 0x06, 3]) + b"new"
    assert decode(a_record(value), now_ms=NOON_MS) == a_click()


@pytest.mark.parametrize("event", [an_upsert(), a_click(), a_search()])
def test_a_key_of_somebody_else_is_refused(event: Event) -> None:
    with pytest.raises(InvalidEvent, match=r"^key: is 'sku-2'"):
        decode(a_record(event=event, key=b"sku-2"), now_ms=NOON_MS)


def test_a_removed_item_does_not_travel_as_an_upsert() -> None:
    with pytest.raises(ValueError, match="ItemRemoved"):
        encode_binary(an_upsert(an_item(status=ItemStatus.REMOVED)))
