"""Loads: requests that come when they are due, whatever became of those before; and clients that wait for each answer.

Raw bytes both ways: what a client makes of an answer is not the server's time.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import numpy as np

from benchmarks.serving.arrivals import Seconds
from benchmarks.serving.outcomes import Outcomes
from multigrain.client_channel import open_channel

RETRIEVE = "/multigrain.v1.RetrievalService/Retrieve"
CALL_SECONDS = 20.0
"""Deadline of each call: long, so that a slow answer is counted as slow and not as none."""
LEAD_SECONDS = 0.1
"""Between the beginning and the first request."""
SAMPLED_EVERY = 10

Call = Callable[[bytes], Awaitable[bytes]]


@asynccontextmanager
async def calling(address: str, method: str = RETRIEVE) -> Any:  # Any: an async iterator of one Call; grpc has no types
    """A way to call the server, for as long as the block lasts."""
    async with open_channel(grpc.aio, address, None) as channel:
        method_call = channel.unary_unary(method)

        async def call(message: bytes) -> bytes:
            reply: bytes = await method_call(message, timeout=CALL_SECONDS)
            return reply

        yield call


async def open_loop(call: Call, messages: Sequence[bytes], due: Seconds) -> Outcomes:
    """Sends each message when it is due, in turn from the first again when there are fewer than times."""
    sent, done, errors = np.zeros(len(due)), np.zeros(len(due)), [""] * len(due)
    replies: list[bytes] = []
    began = time.perf_counter() + LEAD_SECONDS

    async def one(number: int, message: bytes) -> None:
        sent[number] = time.perf_counter() - began
        try:
            reply = await call(message)
        except grpc.aio.AioRpcError as error:
            errors[number] = error.code().name
        else:
            if not number % SAMPLED_EVERY:
                replies.append(reply)
        done[number] = time.perf_counter() - began

    async with asyncio.TaskGroup() as group:
        for number, (at, message) in enumerate(zip(due.tolist(), itertools.cycle(messages), strict=False)):
            wait = at - (time.perf_counter() - began)
            # Even when it is late already: answers that came meanwhile must be noted first.
            await asyncio.sleep(max(wait, 0))
            group.create_task(one(number, message))
    return Outcomes(due=due, sent=sent, done=done, errors=tuple(errors), replies=tuple(replies))


async def closed_loop(call: Call, messages: Sequence[bytes], *, clients: int, seconds: float) -> float:
    """Answers a second that so many clients get, each of whom asks again as soon as it is answered.

    Any error is raised: a server that refuses is quick.
    """
    answered, left = itertools.count(), itertools.cycle(messages)
    began = time.perf_counter()

    async def one_client(left: Iterator[bytes]) -> None:
        while time.perf_counter() - began < seconds:
            await call(next(left))
            next(answered)

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(one_client(left))
    return next(answered) / (time.perf_counter() - began)
