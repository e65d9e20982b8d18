from datetime import UTC, datetime

import grpc
import pytest

from multigrain.client import SessionEvent, Tries, retrieve_message, to_error
from multigrain.errors import InvalidRequest, MultigrainError, NotFound, Overloaded, Refused, Unavailable
from multigrain.types import Action
from multigrain.v1 import retrieval_pb2 as pb


class GivenError(grpc.RpcError):
    """What gRPC raises, made by hand."""

    def __init__(self, code: grpc.StatusCode, details: str = "", **trailers: str) -> None:
        self._code = code
        self._details = details
        self._trailers = tuple((name.replace("_", "-"), value) for name, value in trailers.items())

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details

    def trailing_metadata(self) -> tuple[tuple[str, str], ...]:
        return self._trailers


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


UNAVAILABLE = GivenError(grpc.StatusCode.UNAVAILABLE, "connection refused")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.UNAVAILABLE, Unavailable),
        (grpc.StatusCode.CANCELLED, Unavailable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, Unavailable),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, Overloaded),
        (grpc.StatusCode.NOT_FOUND, NotFound),
        (grpc.StatusCode.FAILED_PRECONDITION, Refused),
        (grpc.StatusCode.INTERNAL, MultigrainError),
    ],
)
def test_each_status_becomes_its_error(code: grpc.StatusCode, kind: type[MultigrainError]) -> None:
    assert type(to_error(GivenError(code, "what happened"), 1.0)) is kind


def test_a_wrong_field_comes_back_as_it_was_raised() -> None:
    raised = InvalidRequest("filters.min_price", "is 3, above max_price, which is 2", cure="swap the two")
    error = to_error(
        GivenError(grpc.StatusCode.INVALID_ARGUMENT, str(raised), multigrain_field="filters.min_price"), 1.0
    )
    assert isinstance(error, InvalidRequest)
    assert (error.field, error.problem, error.cure) == (raised.field, raised.problem, raised.cure)


def test_unavailable_is_tried_again_four_times_in_all_with_growing_pauses() -> None:
    tries = Tries(60, monotonic=Clock())
    pauses = [tries.pause_after(UNAVAILABLE) for _ in range(3)]
    for pause, middle in zip(pauses, (0.05, 0.1, 0.2), strict=True):
        assert middle * 0.5 <= pause <= middle * 1.5
    with pytest.raises(Unavailable, match="connection refused"):
        tries.pause_after(UNAVAILABLE)


def test_what_a_stopping_server_cancelled_is_tried_again_and_what_our_own_close_ended_is_not() -> None:
    assert Tries(60, monotonic=Clock()).pause_after(GivenError(grpc.StatusCode.CANCELLED, "CANCELLED")) > 0
    with grpc.insecure_channel("127.0.0.1:1") as channel:
        call = channel.unary_unary("/of/nobody").future(b"", wait_for_ready=True)
    with pytest.raises(grpc.RpcError) as closed:
        call.result()
    with pytest.raises(Unavailable, match="Channel closed"):
        Tries(60, monotonic=Clock()).pause_after(closed.value)


@pytest.mark.parametrize(
    "code",
    [grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.INTERNAL],
)
def test_nothing_else_is_tried_again(code: grpc.StatusCode) -> None:
    with pytest.raises(MultigrainError):
        Tries(60, monotonic=Clock()).pause_after(GivenError(code))


def test_tries_share_one_deadline() -> None:
    clock = Clock()
    tries = Tries(0.5, monotonic=clock)
    clock.now = 0.4
    assert tries.left() == pytest.approx(0.1)
    clock.now = 0.49
    with pytest.raises(Unavailable):
        tries.pause_after(UNAVAILABLE)


def test_short_names_become_the_wires() -> None:
    message = retrieve_message(
        "red dress",
        "user-1",
        limit=7,
        channels={"vector": 5, "lexical": 0},
        mode="demote",
        min_price=0.0,
        recent_events=[SessionEvent("sku-1", Action.CART, datetime(2026, 11, 5, 12, tzinfo=UTC))],
    )
    assert [(asked.channel, asked.quota) for asked in message.channels] == [
        (pb.CHANNEL_VECTOR, 5),
        (pb.CHANNEL_LEXICAL, 0),
    ]
    assert message.relevance_mode == pb.RELEVANCE_MODE_DEMOTE
    assert message.recent_events[0].action == pb.ACTION_CART
    assert message.recent_events[0].time.ToMilliseconds() == 1_793_880_000_000
    assert message.filters.HasField("min_price")
    assert not message.filters.HasField("max_price")


@pytest.mark.parametrize(
    ("field", "options"), [("channels", {"channels": {"psychic": 0}}), ("relevance_mode", {"mode": "unspecified"})]
)
def test_a_name_that_is_none_is_refused_before_anything_is_sent(field: str, options: dict) -> None:
    with pytest.raises(InvalidRequest) as caught:
        retrieve_message("red dress", **options)
    assert caught.value.field == field
    assert "use one of" in caught.value.cure


def test_weights_go_with_their_channels_and_a_weight_of_none_is_refused() -> None:
    message = retrieve_message(
        "red dress", channels={"vector": 5, "lexical": 0}, fusion="weighted_scores", weights={"lexical": 0.5}
    )
    assert message.fusion == pb.FUSION_WEIGHTED_SCORES
    assert [(one.quota, one.HasField("weight"), one.weight) for one in message.channels] == [
        (5, False, 0),
        (0, True, 0.5),
    ]
    with pytest.raises(InvalidRequest, match="'lexical' has a weight and is not asked") as raised:
        retrieve_message("red dress", channels={"vector": 5}, weights={"lexical": 0.5})
    assert raised.value.field == "weights"
