"""A server from start to stop: listens at once, serves when there is a generation, drains before it goes.

Runs its event loop in a thread of its own, so a command, a demo or a test starts it the same way.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import FrameType

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from multigrain.errors import Unavailable
from multigrain.settings import ServerSettings
from multigrain.telemetry import LOG_FIELDS
from multigrain.v1 import retrieval_pb2, retrieval_pb2_grpc
from multigrain.watch import Refresh, Watch
from server.interceptors import Door
from server.security.exposure import warn_if_exposed
from server.service import RetrievalService
from server.status import Status

log = logging.getLogger(__name__)

SERVICE = retrieval_pb2.DESCRIPTOR.services_by_name["RetrievalService"].full_name
REQUEST_BYTES_MAX = 1024 * 1024
"""A request that is right in every field is far smaller."""
NOTICE_SHARE = 0.1
"""Of the drain: calls are still taken after health says NOT_SERVING, until balancers have heard of it."""
START_SECONDS = 30.0
WORKERS = 8
"""Threads for what is rare and blocks: loading a named generation, counting the index for `GetStatus`."""

OPTIONS = (("grpc.max_receive_message_length", REQUEST_BYTES_MAX),)
ALONE = (("grpc.so_reuseport", 0),)
# With it, a second server on the same port starts without a word and takes half the calls.


class Server:
    """One gRPC server. `start` and `stop` are called once each. `credentials`: None serves plain text."""

    def __init__(
        self,
        settings: ServerSettings,
        service: RetrievalService,
        door: Door,
        status: Status,
        *,
        credentials: grpc.ServerCredentials | None,
        refreshes: Sequence[Refresh],
        is_ready: Callable[[], bool],
        close: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._service = service
        self._door = door
        self._credentials = credentials
        self.status = status
        self.is_ready = is_ready
        """Whether a call can be answered; once it can, that stays."""
        self._close = close
        self._watch = Watch(refreshes, every_seconds=settings.registry_poll_ms / 1000, after_each=self._tell_health)
        self._loop = asyncio.new_event_loop()
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="server-worker")
        self._loop.set_default_executor(self._workers)
        self._thread = threading.Thread(target=self._loop.run_forever, name="server", daemon=True)
        self._health = health.aio.HealthServicer()
        self._grpc: grpc.aio.Server | None = None
        self._stopping = threading.Event()
        self.port = 0
        """Where it listens; 0 before the start."""

    @property
    def address(self) -> str:
        return f"{self._settings.host}:{self.port}"

    @property
    def drain_seconds(self) -> float:
        return self._settings.drain_seconds

    def start(self) -> None:
        """Returns when it listens. It answers UNAVAILABLE, and health NOT_SERVING, until a generation is loaded.

        Raises Unavailable when the address is taken.
        """
        warn_if_exposed(self._settings)
        self._thread.start()
        self.open()
        self._watch.start()
        log.info("listening", extra={LOG_FIELDS: {"address": self.address, "tls": self._credentials is not None}})

    def prepare(self) -> None:
        """Instead of `start`, where others share the port: loads, and does not listen before `open`."""
        self._thread.start()
        self._watch.start()

    def open(self) -> None:
        """Returns when it listens. Raises Unavailable when the address is taken; then it has stopped."""
        try:
            self._on_loop(self._listen()).result(START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def comes_round(self, seconds: float) -> bool:
        """Whether its event loop does one small thing within so many seconds."""
        try:
            self._on_loop(asyncio.sleep(0)).result(seconds)
        except TimeoutError:
            return False
        return True

    def stop(self) -> None:
        """Says NOT_SERVING, lets running calls finish, stops. Calls that outlast the drain are broken off."""
        if not self._thread.is_alive():
            return
        self._stopping.set()
        self._watch.stop()
        self._on_loop(self._drain()).result()
        self._watch.join(seconds=self._settings.drain_seconds)
        self._end()
        log.info("stopped", extra={LOG_FIELDS: {"address": self.address}})

    def _on_loop(self, work: Coroutine[None, None, None]) -> "Future[None]":
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _end(self) -> None:
        # Not waited for: a model that is being loaded may take longer than anybody's patience with a stop.
        self._workers.shutdown(wait=False, cancel_futures=True)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._close()

    def run(self) -> None:
        """Starts, waits for SIGINT or SIGTERM, and stops. For the main thread of a program."""
        asked = threading.Event()

        def ask(number: int, frame: FrameType | None) -> None:
            asked.set()

        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            self.start()
            asked.wait()
            self.stop()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def _listen(self) -> None:
        server = grpc.aio.server(interceptors=[self._door], options=(*OPTIONS, *_how_shared(self._settings)))
        retrieval_pb2_grpc.add_RetrievalServiceServicer_to_server(self._service, server)  # type: ignore[no-untyped-call]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        reflection.enable_server_reflection((SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME), server)
        await self._say(self._state())
        wanted = f"{self._settings.host}:{self._settings.port}"
        try:
            if self._credentials is None:
                self.port = server.add_insecure_port(wanted)
            else:
                self.port = server.add_secure_port(wanted, self._credentials)
        except RuntimeError:
            raise Unavailable(
                f"cannot listen on {wanted}: is another server there? Stop it, or set server.port (0: a free one)"
            ) from None
        await server.start()
        self._grpc = server

    async def _drain(self) -> None:
        if self._grpc is None:  # it never listened
            return
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(NOTICE_SHARE * self._settings.drain_seconds)
        await self._grpc.stop((1 - NOTICE_SHARE) * self._settings.drain_seconds)

    def _tell_health(self) -> None:
        """After each look of the watch, in its thread."""
        if self._stopping.is_set():
            return
        self._on_loop(self._say(self._state()))

    def _state(self) -> health_pb2.HealthCheckResponse.ServingStatus:
        states = health_pb2.HealthCheckResponse
        return states.SERVING if self.is_ready() else states.NOT_SERVING

    async def _say(self, state: health_pb2.HealthCheckResponse.ServingStatus) -> None:
        # "" is the whole server: what a balancer asks when it knows no service.
        for name in ("", SERVICE):
            await self._health.set(name, state)


def _how_shared(settings: ServerSettings) -> tuple[tuple[str, int], ...]:
    """How it shares its port: not at all, or with its fellows, between whom connections are spread again and again."""
    if settings.processes == 1:
        return ALONE
    shared = (("grpc.so_reuseport", 1),)
    if not settings.connection_minutes:
        return shared
    # The grace ends what never ends by itself: a watch of the health would keep its connection for ever.
    return (
        *shared,
        ("grpc.max_connection_age_ms", round(settings.connection_minutes * 60_000)),
        ("grpc.max_connection_age_grace_ms", max(1, round(settings.drain_seconds * 1000))),
    )
