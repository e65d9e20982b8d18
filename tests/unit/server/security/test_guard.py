"""Which call needs which scope, who a caller is, and in which order it is decided."""

import hashlib

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from multigrain.errors import Forbidden, MultigrainError, Overloaded, Unauthenticated
from multigrain.v1 import retrieval_pb2 as pb
from server.security.guard import Guard, host_of
from server.security.limits import Limits
from server.security.scopes import NEEDED
from server.security.tokens import parse

PLAIN = pb.RetrieveRequest(query="shoes")
NAMED = pb.RetrieveRequest(query="shoes", generation_id="g-2")
PAST = pb.RetrieveRequest(query="shoes", at=Timestamp())
HOLDERS = ("retrieve", "evaluate", "retrieve,evaluate", "admin")
TOKENS = parse(
    "\n".join(
        f"name-{n} {scopes} sha256:{hashlib.sha256(scopes.encode()).hexdigest()}" for n, scopes in enumerate(HOLDERS)
    )
)
PEER = "ipv4:10.0.0.7:50812"


@pytest.mark.parametrize(
    ("method", "message", "allowed"),
    [
        ("Retrieve", PLAIN, {"retrieve", "retrieve,evaluate", "admin"}),
        ("Retrieve", NAMED, {"retrieve,evaluate", "admin"}),
        ("Retrieve", PAST, {"retrieve,evaluate", "admin"}),
        ("Explain", pb.ExplainRequest(request=PLAIN), {"retrieve", "retrieve,evaluate", "admin"}),
        ("Explain", pb.ExplainRequest(request=NAMED), {"retrieve,evaluate", "admin"}),
        ("Explain", pb.ExplainRequest(request=PAST), {"retrieve,evaluate", "admin"}),
        ("GetStatus", pb.GetStatusRequest(), set(HOLDERS)),
        ("ListSlowRequests", pb.ListSlowRequestsRequest(), {"admin"}),
        ("SomethingElse", PLAIN, {"admin"}),
    ],
)
def test_each_call_needs_its_scopes(method: str, message: object, allowed: set[str]) -> None:
    guard = Guard(lambda: TOKENS)

    def may(scopes: str) -> bool:
        try:
            guard.admit(guard.know(authorization=f"Bearer {scopes}", peer=PEER), method, message)
        except Forbidden:
            return False
        return True

    assert {scopes for scopes in HOLDERS if may(scopes)} == allowed


def test_every_method_of_the_service_says_what_it_needs() -> None:
    assert set(NEEDED) == {method.name for method in pb.DESCRIPTOR.services_by_name["RetrievalService"].methods}


@pytest.mark.parametrize("authorization", ["", "retrieve", "Bearer", "Bearer ", "Basic retrieve", "Bearer nonsense"])
def test_without_a_known_token_nobody_is_let_in(authorization: str) -> None:
    with pytest.raises(Unauthenticated):
        Guard(lambda: TOKENS).know(authorization=authorization, peer=PEER)


def test_a_refusal_does_not_repeat_the_token() -> None:
    with pytest.raises(MultigrainError) as caught:
        Guard(lambda: TOKENS).know(authorization="Bearer mg_secret", peer=PEER)
    assert "mg_secret" not in str(caught.value)


def test_with_tokens_a_client_is_its_tokens_name_and_without_its_address() -> None:
    assert Guard(lambda: TOKENS).know(authorization="bearer retrieve", peer=PEER).name == "name-0"
    assert Guard().know(authorization="bearer retrieve", peer=PEER).name == "10.0.0.7"


def test_without_tokens_anybody_may_ask_for_anything() -> None:
    guard = Guard()
    guard.admit(guard.know(authorization="", peer=PEER), "Retrieve", NAMED)


@pytest.mark.parametrize(
    ("peer", "host"),
    [
        ("ipv4:10.0.0.7:1", "10.0.0.7"),
        ("ipv6:%5B::1%5D:41234", "::1"),
        ("ipv6:[2001:db8::2]:9", "2001:db8::2"),
        ("unix:", "unix:"),
    ],
)
def test_the_address_of_a_peer_is_without_its_port(peer: str, host: str) -> None:
    assert host_of(peer) == host


def test_over_the_rate_the_wait_is_told_and_status_is_still_answered() -> None:
    guard = Guard(limits=Limits(rate=4, burst=1, monotonic=lambda: 0.0))
    first, again = (guard.know(authorization="", peer=f"ipv4:10.0.0.7:{port}") for port in (1, 2))
    guard.admit(first, "Retrieve", PLAIN)
    with pytest.raises(Overloaded, match=r"10\.0\.0\.7 asks more often than it may: wait 250 ms") as caught:
        guard.admit(again, "Retrieve", PLAIN)
    assert caught.value.retry_ms == 250
    guard.admit(again, "GetStatus", pb.GetStatusRequest())
    guard.admit(guard.know(authorization="", peer="ipv4:10.0.0.8:1"), "Retrieve", PLAIN)


def test_a_call_that_is_forbidden_takes_nothing_from_the_bucket() -> None:
    guard = Guard(lambda: TOKENS, Limits(rate=1, burst=1, monotonic=lambda: 0.0))
    caller = guard.know(authorization="Bearer retrieve", peer=PEER)
    with pytest.raises(Forbidden):
        guard.admit(caller, "Retrieve", NAMED)
    guard.admit(caller, "Retrieve", PLAIN)
