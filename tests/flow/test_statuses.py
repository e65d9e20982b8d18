"""Every status of the table in interceptors.py, as a caller gets it over the wire."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest

from multigrain.client import Client
from multigrain.errors import (
    BundleRefused,
    Forbidden,
    InvalidRequest,
    MultigrainError,
    NotFound,
    Overloaded,
    Refused,
    Unauthenticated,
    Unavailable,
)
from multigrain.registry.generation import Generation
from multigrain.telemetry import REQUESTS
from multigrain.v1 import retrieval_pb2 as pb
from multigrain.v1 import retrieval_pb2_grpc as pb_grpc
from server.channels import all_channels
from server.channels.channel import Channel
from server.channels.lexical_index import LexicalIndex
from server.generations.live import LiveGeneration
from server.interceptors import STATUS_OF
from tests.builders import NOON_MS
from tests.flow.serving import Shop, eventually, open_shop, serving
from tests.flow.troubled import BrokenChannel, Gate, GatedChannel

REQUEST = pb.RetrieveRequest(query="red dress", limit=5)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return open_shop(tmp_path)


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


def refusal(address: str, request: pb.RetrieveRequest = REQUEST, *, seconds: float = 5) -> grpc.RpcError:
    """What the bare stub gets: no retries, nothing translated."""
    with grpc.insecure_channel(address) as channel:
        with pytest.raises(grpc.RpcError) as caught:
            pb_grpc.RetrievalServiceStub(channel).Retrieve(request, timeout=seconds)
        return caught.value


def trailers(error: grpc.RpcError) -> dict[str, str]:
    return dict(error.trailing_metadata())


def counted(status: str) -> float:
    return REQUESTS.labels("Retrieve", status)._value.get()


def test_a_wrong_field_is_invalid_argument_with_its_name(shop: Shop) -> None:
    before = counted("INVALID_ARGUMENT")
    with serving(shop) as (server, client):
        error = refusal(server.address, pb.RetrieveRequest(query="red dress", limit=-3))
        with pytest.raises(InvalidRequest) as caught:
            client.retrieve("red dress", limit=-3)
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert trailers(error)["multigrain-field"] == "limit"
    assert trailers(error)["multigrain-request-id"].startswith("r-")
    assert (caught.value.field, caught.value.problem) == ("limit", "is -3")
    assert counted("INVALID_ARGUMENT") == before + 2


def test_an_unknown_generation_is_not_found(shop: Shop) -> None:
    with serving(shop, allow_generation_choice=True) as (server, client):
        error = refusal(server.address, pb.RetrieveRequest(query="red dress", generation_id="g-99"))
        with pytest.raises(NotFound, match="g-99"):
            client.retrieve("red dress", generation_id="g-99")
    assert error.code() is grpc.StatusCode.NOT_FOUND


def test_a_named_generation_whose_bundle_is_refused_is_failed_precondition(shop: Shop) -> None:
    shop.publish("g-2")

    def load(generation: Generation) -> LiveGeneration:
        if generation.generation_id == "g-2":
            raise BundleRefused("bundles/b-g-2: no COMPLETE: export it again")
        return shop.load(generation)

    with serving(shop, allow_generation_choice=True, load=load) as (server, client):
        error = refusal(server.address, pb.RetrieveRequest(query="red dress", generation_id="g-2"))
        with pytest.raises(Refused, match="export it again"):
            client.retrieve("red dress", generation_id="g-2")
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION


def test_when_no_channel_answers_in_time_it_is_deadline_exceeded(shop: Shop, gate: Gate) -> None:
    def channels(titles: LexicalIndex) -> Sequence[Channel]:
        return [GatedChannel(one, gate) for one in all_channels(titles)]

    with serving(shop, channels=channels) as (server, client):
        gate.shut()
        error = refusal(server.address, seconds=0.4)
        with pytest.raises(Unavailable, match="no answer within 300 ms"):
            client.retrieve("red dress", timeout_seconds=0.3)
        gate.open()
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    # Our own words, so the server noticed before the client gave up.
    assert "no channel answered" in error.details()


def test_a_request_without_a_deadline_gets_the_default_budget(shop: Shop, gate: Gate) -> None:
    def channels(titles: LexicalIndex) -> Sequence[Channel]:
        return [GatedChannel(one, gate) for one in all_channels(titles)]

    with serving(shop, channels=channels, default_budget_ms=100) as (server, _):
        gate.shut()
        with grpc.insecure_channel(server.address) as channel, pytest.raises(grpc.RpcError) as caught:
            pb_grpc.RetrievalServiceStub(channel).Retrieve(REQUEST)
        gate.open()
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def test_when_every_channel_fails_it_is_unavailable(shop: Shop) -> None:
    with serving(shop, channels=lambda titles: [BrokenChannel(one) for one in all_channels(titles)]) as (
        server,
        client,
    ):
        error = refusal(server.address)
        with pytest.raises(Unavailable):
            client.retrieve("red dress")
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "vector failed: IndexUnavailable" in error.details()
    assert "secret-place" not in error.details()


def test_before_a_generation_is_live_it_is_unavailable_and_status_says_so(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)

    def load(generation: Generation) -> LiveGeneration:
        raise BundleRefused("cut short")

    with serving(shop, load=load, wait=False) as (server, client):
        error = eventually(lambda: refusal(server.address), lambda error: "no generation is live" in error.details())
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        assert client.status().generation_id is None
        with pytest.raises(Unavailable, match="no generation is live"):
            client.wait_until_serving(0.2)


def test_more_than_can_be_taken_is_shed_with_a_hint_and_status_still_answers(shop: Shop, gate: Gate) -> None:
    def channels(titles: LexicalIndex) -> Sequence[Channel]:
        return [GatedChannel(one, gate) for one in all_channels(titles)]

    with serving(shop, channels=channels, max_concurrent=1) as (server, client), ThreadPoolExecutor(1) as threads:
        gate.shut()
        first = threads.submit(client.retrieve, "red dress", limit=5, timeout_seconds=8)
        eventually(lambda: gate.reached, bool)  # or the next one would be the one that runs
        error = eventually(
            lambda: refusal(server.address, seconds=0.2),
            lambda error: error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED,
        )
        with pytest.raises(Overloaded):
            client.retrieve("red dress")
        assert client.status().generation_id == "g-1"
        gate.open()
        assert len(first.result()) == 5
        assert len(client.retrieve("red dress", limit=5)) == 5
    assert int(trailers(error)["multigrain-retry-after-ms"]) > 0


def test_a_mistake_of_ours_is_internal_and_its_text_stays_here(shop: Shop) -> None:
    times = iter([NOON_MS])

    def now_ms() -> int:
        try:
            return next(times)
        except StopIteration:
            raise RuntimeError("secret-place") from None

    with serving(shop, now_ms=now_ms) as (server, client):
        error = refusal(server.address)
        with pytest.raises(MultigrainError) as caught:
            client.retrieve("red dress")
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "secret-place" not in error.details()
    assert trailers(error)["multigrain-request-id"] in error.details()
    assert "INTERNAL" in str(caught.value)


def test_without_a_token_it_is_unauthenticated_and_without_its_scope_permission_denied(
    shop: Shop, tmp_path: Path
) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(f"shop evaluate sha256:{hashlib.sha256(b'sesame').hexdigest()}\n")

    def connect(address: str) -> Client:
        return Client(address, token="sesame")

    before = counted("UNAUTHENTICATED"), counted("PERMISSION_DENIED")
    with serving(shop, connect=connect, tokens_file=tokens) as (server, client):
        error = refusal(server.address)
        with Client(server.address) as nobody, pytest.raises(Unauthenticated, match="wants a token"):
            nobody.retrieve("red dress")
        with pytest.raises(Forbidden, match="token 'shop' may not do this: it lacks retrieve"):
            client.retrieve("red dress")
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert trailers(error)["multigrain-request-id"].startswith("r-")
    assert (counted("UNAUTHENTICATED"), counted("PERMISSION_DENIED")) == (before[0] + 2, before[1] + 1)


def test_every_status_of_the_table_is_proven_above() -> None:
    proven = {
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
    }
    assert set(STATUS_OF.values()) == proven


def test_a_caller_that_goes_away_is_counted_as_cancelled(shop: Shop, gate: Gate) -> None:
    def channels(titles: LexicalIndex) -> Sequence[Channel]:
        return [GatedChannel(one, gate) for one in all_channels(titles)]

    before = counted("CANCELLED")
    with serving(shop, channels=channels) as (server, _):
        gate.shut()
        with grpc.insecure_channel(server.address) as channel:
            call = pb_grpc.RetrievalServiceStub(channel).Retrieve.future(REQUEST, timeout=30)
            eventually(lambda: gate.reached, bool)
            call.cancel()
            eventually(lambda: counted("CANCELLED"), lambda count: count == before + 1)
        gate.open()


def test_nothing_is_shed_after_cancelled_calls(shop: Shop, gate: Gate) -> None:
    def channels(titles: LexicalIndex) -> Sequence[Channel]:
        return [GatedChannel(one, gate) for one in all_channels(titles)]

    with serving(shop, channels=channels, max_concurrent=2) as (server, client):
        gate.shut()
        for _ in range(4):
            assert refusal(server.address, seconds=0.1).code() is grpc.StatusCode.DEADLINE_EXCEEDED
        gate.open()
        assert len(client.retrieve("red dress", limit=5)) == 5
