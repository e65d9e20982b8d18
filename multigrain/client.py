"""The Python client of the gRPC service. What it returns is in answers.py: columns; rows are made only on request.

Every call has a deadline. What only reads is tried again when the server is not available, within that deadline.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self, TypedDict, TypeVar, Unpack

import grpc
import grpc.aio
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from multigrain.answers import (
    Answer,
    Explanation,
    ServerStatus,
    SlowRequests,
    prefix_of,
    short_name,
    to_answer,
    to_explanation,
    to_slow_requests,
    to_status,
)
from multigrain.client_channel import ClientTls, call_metadata, open_channel
from multigrain.errors import (
    Forbidden,
    InvalidRequest,
    MultigrainError,
    NotFound,
    Overloaded,
    Refused,
    Unauthenticated,
    Unavailable,
)
from multigrain.types import Action
from multigrain.v1 import retrieval_pb2 as pb
from multigrain.v1 import retrieval_pb2_grpc as pb_grpc

T = TypeVar("T")

FIELD = "multigrain-field"
RETRY_AFTER_MS = "multigrain-retry-after-ms"
"""Trailing metadata: the wrong field of a request; how long to wait before another one."""
CLOSED = "Channel closed!"
"""gRPC's words for a call that our own `close` ended."""
POLL_SECONDS = 0.1
TIMEOUT_SECONDS = 5.0
TRIES = 4
BACKOFF_SECONDS = 0.05
"""Before the second try; doubled each time, and spread, so that many clients do not come back at once."""


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """Something the user did moments ago."""

    item_id: str
    action: Action
    at: datetime


class Options(TypedDict, total=False):
    """What a request may say besides query and user; what is left out takes the server's default."""

    limit: int
    recent_events: Sequence[SessionEvent]
    brands: Sequence[str]
    categories: Sequence[str]
    shops: Sequence[str]
    min_price: float
    max_price: float
    channels: Mapping[str, int]
    """'vector', 'lexical', 'neighbours' -> at most so many from it; 0: as many as the limit."""
    fusion: str
    """How the channels become one list: 'reciprocal_rank', 'weighted_scores', 'interleave' or 'union'."""
    weights: Mapping[str, float]
    """How much a channel that `channels` names counts; with 'reciprocal_rank' and 'weighted_scores'."""
    mode: str
    """'fill', 'strict', 'demote' or 'off'."""
    generation_id: str
    debug: bool
    at: datetime
    """Answer as of this moment, for evaluation on past searches."""


class Client:
    """A connection to one address. Safe to share between threads; close it, or use it in a `with`."""

    def __init__(
        self,
        address: str,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        token: str | None = None,
        tls: ClientTls | None = None,
    ) -> None:
        """`tls`: None for plain text. Raises InvalidConfig for a token in plain text to another machine."""
        self.address = address
        self._metadata = call_metadata(address, token, tls)
        self._channel = open_channel(grpc, address, tls)
        self._stub = pb_grpc.RetrievalServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated code
        self._timeout = timeout_seconds

    def retrieve(
        self, query: str, user_id: str = "", *, timeout_seconds: float | None = None, **options: Unpack[Options]
    ) -> Answer:
        """Candidates for a query of a user.

        Raises InvalidRequest naming the field, Overloaded, Unavailable (also when the time was up), NotFound, Refused,
        Unauthenticated, Forbidden.
        """
        message = retrieve_message(query, user_id, **options)
        return to_answer(self._call(self._stub.Retrieve, message, timeout_seconds))

    def explain(
        self,
        item_id: str,
        query: str,
        user_id: str = "",
        *,
        timeout_seconds: float | None = None,
        **options: Unpack[Options],
    ) -> Explanation:
        """Why the item is, or is not, in the answer to that request."""
        message = pb.ExplainRequest(item_id=item_id, request=retrieve_message(query, user_id, **options))
        return to_explanation(self._call(self._stub.Explain, message, timeout_seconds))

    def status(self, *, timeout_seconds: float | None = None) -> ServerStatus:
        """What the server serves now."""
        return to_status(self._call(self._stub.GetStatus, pb.GetStatusRequest(), timeout_seconds))

    def list_slow(self, limit: int = 0, *, timeout_seconds: float | None = None) -> SlowRequests:
        """The slowest requests of the last minutes, the slowest first. `limit`: 0 takes the server's default, 20.

        Raises Forbidden where the server has tokens and ours lacks the scope admin.
        """
        message = pb.ListSlowRequestsRequest(limit=limit)
        return to_slow_requests(self._call(self._stub.ListSlowRequests, message, timeout_seconds))

    def wait_until_serving(self, timeout_seconds: float) -> ServerStatus:
        """Returns as soon as a generation is live. Raises Unavailable when the time is up."""
        ends_at = time.monotonic() + timeout_seconds
        while True:
            try:
                status = self.status(timeout_seconds=max(0.05, min(1.0, ends_at - time.monotonic())))
            except Unavailable:
                status = None
            if status is not None and status.generation_id is not None:
                return status
            if time.monotonic() >= ends_at:
                raise _not_serving(status, timeout_seconds)
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, method: Callable[..., T], message: Message, timeout_seconds: float | None) -> T:
        tries = Tries(timeout_seconds or self._timeout)
        while True:
            try:
                return method(message, timeout=tries.left(), metadata=self._metadata)
            except grpc.RpcError as error:
                time.sleep(tries.pause_after(error))


class AsyncClient:
    """The same calls for asyncio."""

    def __init__(
        self,
        address: str,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        token: str | None = None,
        tls: ClientTls | None = None,
    ) -> None:
        """As `Client`."""
        self.address = address
        self._metadata = call_metadata(address, token, tls)
        self._channel = open_channel(grpc.aio, address, tls)
        self._stub = pb_grpc.RetrievalServiceStub(self._channel)  # type: ignore[no-untyped-call]  # generated code
        self._timeout = timeout_seconds

    async def retrieve(
        self, query: str, user_id: str = "", *, timeout_seconds: float | None = None, **options: Unpack[Options]
    ) -> Answer:
        """As `Client.retrieve`."""
        message = retrieve_message(query, user_id, **options)
        return to_answer(await self._call(self._stub.Retrieve, message, timeout_seconds))

    async def explain(
        self,
        item_id: str,
        query: str,
        user_id: str = "",
        *,
        timeout_seconds: float | None = None,
        **options: Unpack[Options],
    ) -> Explanation:
        """As `Client.explain`."""
        message = pb.ExplainRequest(item_id=item_id, request=retrieve_message(query, user_id, **options))
        return to_explanation(await self._call(self._stub.Explain, message, timeout_seconds))

    async def status(self, *, timeout_seconds: float | None = None) -> ServerStatus:
        """As `Client.status`."""
        return to_status(await self._call(self._stub.GetStatus, pb.GetStatusRequest(), timeout_seconds))

    async def list_slow(self, limit: int = 0, *, timeout_seconds: float | None = None) -> SlowRequests:
        """As `Client.list_slow`."""
        message = pb.ListSlowRequestsRequest(limit=limit)
        return to_slow_requests(await self._call(self._stub.ListSlowRequests, message, timeout_seconds))

    async def wait_until_serving(self, timeout_seconds: float) -> ServerStatus:
        """As `Client.wait_until_serving`."""
        ends_at = time.monotonic() + timeout_seconds
        while True:
            try:
                status = await self.status(timeout_seconds=max(0.05, min(1.0, ends_at - time.monotonic())))
            except Unavailable:
                status = None
            if status is not None and status.generation_id is not None:
                return status
            if time.monotonic() >= ends_at:
                raise _not_serving(status, timeout_seconds)
            await asyncio.sleep(POLL_SECONDS)

    async def close(self) -> None:
        await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _call(self, method: Callable[..., Awaitable[T]], message: Message, timeout_seconds: float | None) -> T:
        tries = Tries(timeout_seconds or self._timeout)
        while True:
            try:
                return await method(message, timeout=tries.left(), metadata=self._metadata)
            except grpc.RpcError as error:
                await asyncio.sleep(tries.pause_after(error))


class Tries:
    """The tries of one call: they share its deadline."""

    def __init__(self, seconds: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seconds = seconds
        self._ends_at = monotonic() + seconds
        self._made = 0

    def left(self) -> float:
        """Seconds left; never 0, which gRPC would take for a mistake."""
        return max(0.001, self._ends_at - self._monotonic())

    def pause_after(self, error: grpc.RpcError) -> float:
        """Seconds to wait before the next try; raises what the error means when there is none.

        Only what no server took up is worth another try, and all our calls only read. A shed call comes back as
        Overloaded: more tries at once are what an overloaded server needs least.
        """
        self._made += 1
        pause = BACKOFF_SECONDS * 2.0 ** (self._made - 1) * random.uniform(0.5, 1.5)
        again = _was_not_taken_up(error) and self._made < TRIES
        if not again or self._monotonic() + pause >= self._ends_at:
            raise to_error(error, self._seconds) from None
        return pause


def _was_not_taken_up(error: grpc.RpcError) -> bool:
    """Nobody was there, or a server that stops: gRPC cancels what arrives in the moment before callers hear of it."""
    by_the_server = error.code() is grpc.StatusCode.CANCELLED and error.details() != CLOSED
    return by_the_server or error.code() is grpc.StatusCode.UNAVAILABLE


def to_error(error: grpc.RpcError, seconds: float) -> MultigrainError:
    """What a status means, in our words."""
    code, details = error.code(), error.details() or ""
    if code is grpc.StatusCode.UNAVAILABLE and details.startswith("failed to connect"):
        details = f"{_why_no_connection(details)}: {details}"
    trailers = dict(error.trailing_metadata() or ())
    if code is grpc.StatusCode.INVALID_ARGUMENT and FIELD in trailers:
        field = str(trailers[FIELD])
        problem, _, cure = details.removeprefix(f"{field}: ").rpartition(": ")
        return InvalidRequest(field, problem, cure=cure)
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Unavailable(f"no answer within {seconds * 1000:.0f} ms: give the call more time ({details})")
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        retry_ms = int(trailers[RETRY_AFTER_MS]) if RETRY_AFTER_MS in trailers else None
        return Overloaded(f"{details or 'no details'} ({code.name})", retry_ms=retry_ms)
    kinds: dict[grpc.StatusCode, type[MultigrainError]] = {
        grpc.StatusCode.UNAVAILABLE: Unavailable,
        grpc.StatusCode.CANCELLED: Unavailable,
        grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
        grpc.StatusCode.PERMISSION_DENIED: Forbidden,
        grpc.StatusCode.NOT_FOUND: NotFound,
        grpc.StatusCode.FAILED_PRECONDITION: Refused,
    }
    return kinds.get(code, MultigrainError)(f"{details or 'no details'} ({code.name})")


def _why_no_connection(details: str) -> str:
    """What to try first, of the few things that gRPC tells apart."""
    if "handshake" in details.lower():
        return "no TLS with that address: is it a TLS server, and its certificate of our CA and for this host?"
    if "Socket closed" in details:
        return "the server hung up: does it want TLS, or a certificate of ours?"
    return "nothing answers at that address: start a server there, or name another one"


def retrieve_message(query: str, user_id: str = "", **options: Unpack[Options]) -> pb.RetrieveRequest:
    """The request on the wire. Raises InvalidRequest for a name that is no channel or mode."""
    return pb.RetrieveRequest(
        query=query,
        user_id=user_id,
        recent_events=[_event_message(event) for event in options.get("recent_events", ())],
        limit=options.get("limit", 0),
        filters=pb.Filters(
            brands=options.get("brands", ()),
            categories=options.get("categories", ()),
            shops=options.get("shops", ()),
            min_price=options.get("min_price"),
            max_price=options.get("max_price"),
        ),
        channels=_channel_messages(options.get("channels", {}), options.get("weights", {})),
        fusion=_wire_name(pb.Fusion, "fusion", options["fusion"]) if "fusion" in options else None,
        relevance_mode=_wire_name(pb.RelevanceMode, "relevance_mode", options["mode"]) if "mode" in options else None,
        generation_id=options.get("generation_id", ""),
        debug=options.get("debug", False),
        at=_stamp(options["at"]) if "at" in options else None,
    )


def _channel_messages(quotas: Mapping[str, int], weights: Mapping[str, float]) -> list[pb.ChannelRequest]:
    if strays := weights.keys() - quotas.keys():
        problem = f"{min(strays)!r} has a weight and is not asked"
        raise InvalidRequest("weights", problem, cure="name it in channels, too, with 0 for as many as the limit")
    return [
        pb.ChannelRequest(channel=_wire_name(pb.Channel, "channels", name), quota=quota, weight=weights.get(name))
        for name, quota in quotas.items()
    ]


def _event_message(event: SessionEvent) -> pb.SessionEvent:
    return pb.SessionEvent(item_id=event.item_id, action=f"ACTION_{event.action.name}", time=_stamp(event.at))


def _stamp(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def _wire_name(enum: EnumTypeWrapper, field: str, name: str) -> str:
    """'CHANNEL_VECTOR' for 'vector'."""
    known = [short_name(enum, number) for number in enum.values() if number]
    if name not in known:
        raise InvalidRequest(field, f"{name!r} is none of them", cure=f"use one of {', '.join(known)}")
    return prefix_of(enum) + name.upper()


def _not_serving(status: ServerStatus | None, seconds: float) -> Unavailable:
    heard = "nothing answers there" if status is None else "the server runs, but no generation is live"
    return Unavailable(f"not serving after {seconds:g} s: {heard}: look at the server's log")
