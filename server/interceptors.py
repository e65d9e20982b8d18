"""The door: lets in who may, sheds what is too much, turns errors into statuses, counts, writes one line a call, and
hands each call that has ended to whoever wants to know how it went.

ONE table says which error becomes which status. Knows no method's meaning.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc
import grpc.aio

from multigrain.errors import (
    Forbidden,
    IndexUnavailable,
    LogUnavailable,
    Missing,
    NotFound,
    Overloaded,
    Refused,
    StoreUnavailable,
    Theirs,
    Unauthenticated,
    Unavailable,
)
from multigrain.telemetry import LOG_FIELDS, REQUEST_SECONDS, REQUESTS
from server.security.guard import Guard
from server.timing.stages import Call

log = logging.getLogger(__name__)

STATUS_OF: dict[type[Exception], grpc.StatusCode] = {
    Theirs: grpc.StatusCode.INVALID_ARGUMENT,
    NotFound: grpc.StatusCode.NOT_FOUND,
    Refused: grpc.StatusCode.FAILED_PRECONDITION,
    Missing: grpc.StatusCode.FAILED_PRECONDITION,
    TimeoutError: grpc.StatusCode.DEADLINE_EXCEEDED,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
    Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    Forbidden: grpc.StatusCode.PERMISSION_DENIED,
}
"""The first that fits. What is not here is a mistake of ours: INTERNAL, without its text."""

AUTHORIZATION = "authorization"
TRACEPARENT = "traceparent"
"""Metadata of a call: its token; the caller's trace, as the W3C writes it."""

FIELD = "multigrain-field"
REQUEST_ID = "multigrain-request-id"
RETRY_AFTER_MS = "multigrain-retry-after-ms"
"""Trailing metadata of a call that failed."""

RETRY_HINT_MS = 200
"""What a shed caller is told to wait: a few times the length of a request."""

PREFIX = "/multigrain.v1.RetrievalService/"
NEVER_SHED = ("GetStatus", "ListSlowRequests")
"""What one asks when everything else is shed."""

Listener = Callable[[Call], None]
"""Told of each call that has ended, before its answer leaves: it must be quick."""

Behavior = Callable[[Any, grpc.aio.ServicerContext], Awaitable[Any]]
"""A method of the service. Any: a message in, a message out; which ones is the method's affair."""


class Door(grpc.aio.ServerInterceptor):  # type: ignore[misc]  # grpc ships no types
    """Stands before every method of our service; health and reflection go past it."""

    def __init__(
        self, *, max_concurrent: int, new_id: Callable[[], str], guard: Guard, listeners: Sequence[Listener] = ()
    ) -> None:
        """`listeners`: in their order."""
        self._listeners = tuple(listeners)
        self._max_concurrent = max_concurrent
        self._guard = guard
        self._new_id = new_id
        self._running = 0

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler]],
        details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler:
        handler = await continuation(details)
        if handler is None or not details.method.startswith(PREFIX):
            return handler

        async def guarded(message: Any, context: grpc.aio.ServicerContext) -> Any:  # Any: see Behavior
            return await self._call(details.method, handler.unary_unary, message, context)

        return grpc.unary_unary_rpc_method_handler(
            guarded,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )

    async def _call(self, method: str, behavior: Behavior, message: Any, context: grpc.aio.ServicerContext) -> Any:
        metadata = dict(context.invocation_metadata())
        name, request_id = method.removeprefix(PREFIX), self._new_id()
        call = Call(method=name, request_id=request_id, traceparent=metadata.get(TRACEPARENT, ""))
        call.begin()
        client = ""
        status = grpc.StatusCode.OK
        try:
            caller = self._guard.know(authorization=metadata.get(AUTHORIZATION, ""), peer=context.peer())
            client = caller.name
            self._guard.admit(caller, name, message)
            with self._permit(name):
                return await behavior(message, context)
        except asyncio.CancelledError:
            # The client went away, or its deadline passed while we worked; nobody reads an answer any more.
            late = context.time_remaining() == 0
            status = grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
            raise
        except Exception as error:  # the last catch before the wire: everything gets a status here
            status = status_of(error)
            if status is grpc.StatusCode.INTERNAL:
                log.exception("call failed by a mistake of ours", extra={LOG_FIELDS: {"request": request_id}})
            await context.abort(status, _told(error, request_id), _trailers(error, request_id))
        finally:
            call.end(status.name)
            REQUESTS.labels(name, status.name).inc()
            REQUEST_SECONDS.labels(name).observe(call.milliseconds / 1000)
            self._tell(call)
            fields = {
                "method": name,
                "request": request_id,
                "client": client,
                "status": status.name,
                "milliseconds": round(call.milliseconds, 2),
            }
            log.debug("call", extra={LOG_FIELDS: fields})

    def _tell(self, call: Call) -> None:
        for listener in self._listeners:
            try:
                listener(call)
            except Exception:  # who only watches breaks no answer
                log.exception("how a call went was not told", extra={LOG_FIELDS: {"request": call.request_id}})

    @contextmanager
    def _permit(self, name: str) -> Iterator[None]:
        if self._running >= self._max_concurrent and name not in NEVER_SHED:
            raise Overloaded(
                f"{self._running} calls are running, as many as this server takes: come back later",
                retry_ms=RETRY_HINT_MS,
            )
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1


def status_of(error: Exception) -> grpc.StatusCode:
    """The status that tells the caller whose fault it is and whether to try again."""
    return next((status for kind, status in STATUS_OF.items() if isinstance(error, kind)), grpc.StatusCode.INTERNAL)


def _told(error: Exception, request_id: str) -> str:
    """What the caller may read. The texts of stores hold addresses; those of mistakes hold anything."""
    if isinstance(error, StoreUnavailable | IndexUnavailable | LogUnavailable):
        return f"a store behind this server does not answer: try again ({request_id})"
    if status_of(error) is grpc.StatusCode.INTERNAL:
        return f"a mistake of ours: the server's log tells more of {request_id}"
    return str(error) or "the time was up before there was an answer: give the call more time"


def _trailers(error: Exception, request_id: str) -> tuple[tuple[str, str], ...]:
    trailers = [(REQUEST_ID, request_id)]
    if isinstance(error, Theirs):
        trailers.append((FIELD, error.field))
    if isinstance(error, Overloaded) and error.retry_ms is not None:
        trailers.append((RETRY_AFTER_MS, str(error.retry_ms)))
    return tuple(trailers)
