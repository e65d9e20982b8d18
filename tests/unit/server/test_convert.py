import math
from collections.abc import Callable

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from multigrain.errors import InvalidRequest
from multigrain.types import Action
from multigrain.v1 import retrieval_pb2 as pb
from server.convert import to_item_id, to_request, to_request_message
from server.request import ChannelName, ChannelQuota, FusionKind, RelevanceMode, Request
from server.result import Degraded, Verdict

NOON = Timestamp(seconds=1_793_880_000)


def converted(**fields: object) -> Request:
    return to_request(pb.RetrieveRequest(**{"query": "red dress", **fields}), "r-1")


def an_event(**fields: object) -> pb.SessionEvent:
    return pb.SessionEvent(**{"item_id": "sku-1", "action": 1, "time": NOON, **fields})


def test_defaults_are_filled_in() -> None:
    request = converted()
    assert request.limit == 1000
    assert request.user_id is None
    assert request.generation_id is None
    assert request.mode is RelevanceMode.FILL
    assert request.fusion is FusionKind.RECIPROCAL_RANK
    assert [asked.channel for asked in request.channels] == list(ChannelName)
    assert (request.filters.min_price, request.filters.max_price) == (None, None)


def test_every_field_arrives() -> None:
    request = converted(
        query="  red dress ",
        user_id="user-9",
        recent_events=[an_event(action=4)],
        limit=10_000,
        filters=pb.Filters(brands=["a"], categories=["b/c"], shops=["d"], min_price=0.0, max_price=9.5),
        channels=[pb.ChannelRequest(channel=2, quota=7), pb.ChannelRequest(channel=1)],
        relevance_mode=3,
        fusion=1,
        generation_id="g-1",
        debug=True,
    )
    assert (request.query, request.user_id, request.limit, request.generation_id) == (
        "red dress",
        "user-9",
        10_000,
        "g-1",
    )
    assert (request.recent_events[0].action, request.recent_events[0].at_ms) == (Action.ORDER, 1_793_880_000_000)
    assert request.filters.brands == ("a",)
    assert (request.filters.min_price, request.filters.max_price) == (0.0, 9.5)
    assert request.channels == (ChannelQuota(ChannelName.LEXICAL, 7), ChannelQuota(ChannelName.VECTOR, None))
    assert request.mode is RelevanceMode.DEMOTE
    assert request.debug


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("query", {"query": ""}),
        ("query", {"query": " \t\n "}),
        ("query", {"query": "x" * 1025}),
        ("query", {"query": "鞋" * 342}),  # 1,026 bytes in 342 characters
        ("user_id", {"user_id": "u" * 129}),
        ("user_id", {"user_id": "   "}),
        ("limit", {"limit": -1}),
        ("limit", {"limit": 10_001}),
        ("generation_id", {"generation_id": "g" * 129}),
        ("relevance_mode", {"relevance_mode": 99}),
        ("fusion", {"fusion": 7}),
        ("recent_events", {"recent_events": [an_event()] * 101}),
        ("recent_events[0].item_id", {"recent_events": [an_event(item_id="")]}),
        ("recent_events[1].item_id", {"recent_events": [an_event(), an_event(item_id="s" * 129)]}),
        ("recent_events[0].action", {"recent_events": [an_event(action=0)]}),
        ("recent_events[0].action", {"recent_events": [an_event(action=42)]}),
        ("recent_events[0].time", {"recent_events": [pb.SessionEvent(item_id="sku-1", action="ACTION_CLICK")]}),
        ("recent_events[0].time", {"recent_events": [an_event(time=Timestamp(seconds=-1))]}),
        ("recent_events[0].time", {"recent_events": [an_event(time=Timestamp(seconds=2**60))]}),
        ("recent_events[0].time", {"recent_events": [an_event(time=Timestamp(seconds=1, nanos=-5))]}),
        ("recent_events[0].time", {"recent_events": [an_event(time=Timestamp(seconds=1, nanos=2_000_000_000))]}),
        ("filters.brands[1]", {"filters": pb.Filters(brands=["a", ""])}),
        ("filters.categories[0]", {"filters": pb.Filters(categories=["c" * 513])}),
        ("filters.shops", {"filters": pb.Filters(shops=["s"] * 101)}),
        ("filters.min_price", {"filters": pb.Filters(min_price=math.nan)}),
        ("filters.max_price", {"filters": pb.Filters(max_price=math.inf)}),
        ("filters.min_price", {"filters": pb.Filters(min_price=-0.01)}),
        ("filters.min_price", {"filters": pb.Filters(min_price=3, max_price=2)}),
        ("channels[0].channel", {"channels": [pb.ChannelRequest(quota=5)]}),
        ("channels[0].channel", {"channels": [pb.ChannelRequest(channel=9)]}),
        ("channels[1].channel", {"channels": [pb.ChannelRequest(channel=1), pb.ChannelRequest(channel=1)]}),
        ("channels[0].quota", {"channels": [pb.ChannelRequest(channel=1, quota=10_001)]}),
        ("channels[0].quota", {"channels": [pb.ChannelRequest(channel=1, quota=-1)]}),
    ],
)
def test_a_wrong_field_is_named_and_comes_with_a_cure(field: str, fields: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        converted(**fields)
    assert caught.value.field == field
    assert len(caught.value.cure) > 5


@pytest.mark.parametrize(
    "fields",
    [
        {"query": "x" * 1024},
        {"query": "👟" * 256},  # 1,024 bytes
        {"user_id": "u" * 128},
        {"limit": 10_000},
        {"recent_events": [an_event()] * 100},
        {"filters": pb.Filters(min_price=2, max_price=2)},
        {"channels": [pb.ChannelRequest(channel=1, quota=10_000)]},
    ],
)
def test_the_ends_of_every_range_are_inside(fields: dict[str, object]) -> None:
    assert converted(**fields).request_id == "r-1"


def test_the_wrong_value_itself_is_not_repeated() -> None:
    with pytest.raises(InvalidRequest) as caught:
        converted(query="secret words " * 100)
    assert "secret" not in str(caught.value)
    assert "1299 bytes" in str(caught.value)


def test_fields_of_a_request_inside_a_request_are_named_with_their_path() -> None:
    with pytest.raises(InvalidRequest) as caught:
        to_request(pb.RetrieveRequest(limit=3), "r-1", at="request.")
    assert caught.value.field == "request.query"


def test_explain_needs_an_item() -> None:
    with pytest.raises(InvalidRequest) as caught:
        to_item_id(pb.ExplainRequest())
    assert caught.value.field == "item_id"


@pytest.mark.parametrize(
    ("ours", "wire", "prefix"),
    [
        (ChannelName, pb.Channel, "CHANNEL_"),
        (FusionKind, pb.Fusion, "FUSION_"),
        (RelevanceMode, pb.RelevanceMode, "RELEVANCE_MODE_"),
        (Verdict, pb.Verdict, "VERDICT_"),
        (Degraded, pb.DegradedReason, "DEGRADED_REASON_"),
        (Action, pb.Action, "ACTION_"),
    ],
)
def test_our_numbers_are_those_of_the_wire(ours: Callable, wire: object, prefix: str) -> None:
    named = {f"{prefix}{member.name}": int(member) for member in ours}
    assert {**named, f"{prefix}UNSPECIFIED": 0} == dict(wire.items())


@given(
    query=st.text(max_size=40),
    user_id=st.text(max_size=40),
    limit=st.integers(-(2**31), 2**31 - 1),
    mode=st.integers(-5, 9),
    low=st.floats(),
    channel=st.integers(-1, 4),
)
def test_whatever_comes_is_a_request_or_a_named_field(
    query: str, user_id: str, limit: int, mode: int, low: float, channel: int
) -> None:
    message = pb.RetrieveRequest(
        query=query,
        user_id=user_id,
        limit=limit,
        relevance_mode=mode,
        filters=pb.Filters(min_price=low),
        channels=[pb.ChannelRequest(channel=channel)],
    )
    request, wrong = None, ""
    try:
        request = to_request(message, "r-1")
    except InvalidRequest as error:
        wrong = error.field.split(".")[0].split("[")[0]
    if request is None:
        assert wrong in pb.RetrieveRequest.DESCRIPTOR.fields_by_name
    else:
        assert 1 <= request.limit <= 10_000
        assert request.query.strip() == request.query != ""


@given(
    query=st.text("abc ", min_size=1).filter(str.strip),
    user_id=st.sampled_from(["", "user-1"]),
    limit=st.integers(1, 10_000),
    filters=st.builds(
        pb.Filters, brands=st.lists(st.sampled_from(["nike", "adidas"])), min_price=st.none() | st.just(2.5)
    ),
    channels=st.lists(st.sampled_from(list(ChannelName)), unique=True),
    quota=st.integers(0, 10_000),
    relevance_mode=st.sampled_from([int(mode) for mode in RelevanceMode]),
    fusion=st.sampled_from([int(kind) for kind in FusionKind]),
    at=st.none() | st.just(NOON),
)
def test_a_request_that_is_shown_is_the_request_that_was_asked(
    channels: list[ChannelName], quota: int, fusion: int, **fields: object
) -> None:
    weight = 0.5 if fusion == FusionKind.WEIGHTED_SCORES else None
    asked = [pb.ChannelRequest(channel=int(channel), quota=quota, weight=weight) for channel in channels]
    request = converted(channels=asked, fusion=fusion, **{name: value for name, value in fields.items() if value})
    assert to_request(to_request_message(request), "r-1") == request
