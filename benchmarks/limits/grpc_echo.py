"""A bare gRPC call on loopback: a server that returns the bytes it was given, no protobuf, no interceptors."""

import asyncio
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from benchmarks.bench import seconds_of


def echo_seconds(*, request_bytes: int, reply_bytes: int, calls: int) -> list[float]:
    """Wall seconds of each call that sends and receives that many bytes, one after the other."""
    with _server(b"x" * reply_bytes) as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary("/bench/Echo")
        return seconds_of(lambda: call(b"x" * request_bytes), repeats=calls, warmups=20)


@contextmanager
def _server(reply: bytes) -> Iterator[int]:
    """grpc.aio like our own server, so that the difference is what we add."""
    started: queue.Queue[int] = queue.Queue()
    stop = threading.Event()

    async def answer(request: bytes, context: object) -> bytes:
        return reply

    async def serve() -> None:
        server = grpc.aio.server()
        handler = grpc.unary_unary_rpc_method_handler(answer)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench", {"Echo": handler}),))
        started.put(server.add_insecure_port("127.0.0.1:0"))
        await server.start()
        await asyncio.to_thread(stop.wait)
        await server.stop(0)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="grpc-echo")
    thread.start()
    try:
        yield started.get(timeout=10)
    finally:
        stop.set()
        thread.join()
