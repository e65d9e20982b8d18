"""The load generator of `bench serve`, against a real server that stands still when it is told to."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import numpy as np
import pytest

from benchmarks.serving.arrivals import Seconds, at_random, evenly
from benchmarks.serving.load import RETRIEVE, calling, closed_loop, open_loop
from benchmarks.serving.outcomes import Outcomes

STALL_SECONDS = 0.2
Answer = Callable[[bytes, grpc.ServicerContext], bytes]


class StandsStill:
    """Answers at once, but for one request during which nobody is answered: the server has one thread."""

    def __init__(self, at: int) -> None:
        self._at = at
        self.came = 0

    def answer(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.came += 1
        if self.came - 1 == self._at:
            time.sleep(STALL_SECONDS)
        return request


class Refuses:
    """Every third request."""

    def __init__(self) -> None:
        self.came = 0

    def answer(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.came += 1
        if self.came % 3 == 0:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many")
        return request


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server with one thread; gives its address."""
    _, service, method = RETRIEVE.split("/")
    server = grpc.server(ThreadPoolExecutor(1))
    handler = grpc.unary_unary_rpc_method_handler(answer)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


def sent_to(answer: Answer, due: Seconds, messages: Sequence[bytes] = (b"x",)) -> Outcomes:
    async def load(address: str) -> Outcomes:
        async with calling(address) as call:
            await call(b"the first call waits for the connection")
            return await open_loop(call, messages, due)

    with answering(answer) as address:
        return asyncio.run(load(address))


def rate_of(answer: Answer) -> float:
    async def load(address: str) -> float:
        async with calling(address) as call:
            return await closed_loop(call, [b"x"], clients=2, seconds=0.2)

    with answering(answer) as address:
        return asyncio.run(load(address))


def test_a_server_that_stands_still_is_late_for_all_who_came_meanwhile() -> None:
    server = StandsStill(at=30)
    outcomes = sent_to(server.answer, evenly(100, 0.7))

    assert server.came == 1 + 70
    # 200 ms at 100 a second keep twenty waiting: the first for 200 ms, the next for 190, and so on.
    assert 15 <= np.count_nonzero(outcomes.milliseconds > 25) <= 40
    assert outcomes.milliseconds.max() >= 200
    assert not outcomes.failed


def test_requests_are_sent_at_their_rate_while_answers_are_late() -> None:
    outcomes = sent_to(StandsStill(at=10).answer, evenly(100, 0.5))

    # Nobody waited for the stall to pass: what was due in it was sent in it.
    assert outcomes.sent[20] < outcomes.done[9]
    assert np.median(outcomes.sent - outcomes.due) < 0.05


def test_errors_are_counted_by_their_status() -> None:
    outcomes = sent_to(Refuses().answer, evenly(300, 0.1))

    assert len(outcomes) == 30
    assert outcomes.failed == {"RESOURCE_EXHAUSTED": 10}


def test_every_tenth_answer_is_kept_to_be_looked_at() -> None:
    outcomes = sent_to(StandsStill(at=-1).answer, evenly(500, 0.05), [b"a", b"b"])

    assert outcomes.replies == (b"a", b"a", b"a")  # of the requests 0, 10 and 20


def test_a_closed_loop_counts_answers() -> None:
    server = StandsStill(at=-1)
    assert rate_of(server.answer) * 0.2 == pytest.approx(server.came, rel=0.25)


def test_a_closed_loop_does_not_take_a_refusal_for_an_answer() -> None:
    with pytest.raises(ExceptionGroup):
        rate_of(Refuses().answer)


def test_latency_is_counted_from_when_a_request_was_due() -> None:
    outcomes = Outcomes(
        due=np.array([0.0, 1.0]), sent=np.array([0.0, 1.5]), done=np.array([0.1, 1.6]), errors=("", "UNAVAILABLE")
    )
    assert outcomes.milliseconds == pytest.approx([100, 600])
    assert outcomes.on_time == 0.5
    assert outcomes.failed == {"UNAVAILABLE": 1}
    assert outcomes.percentile(50) == pytest.approx(350)


def test_a_part_of_the_time_is_cut_out_by_when_requests_were_due() -> None:
    due = evenly(10, 1.0)
    outcomes = Outcomes(due=due, sent=due, done=due + 5, errors=("",) * 10)
    part = outcomes.between(0.25, 0.55)
    assert part.due == pytest.approx([0.3, 0.4, 0.5])
    assert len(part.errors) == 3


def test_arrivals_keep_their_rate() -> None:
    assert evenly(50, 2.0)[[0, 1, -1]] == pytest.approx([0, 0.02, 1.98])
    drawn = at_random(50, 200.0, np.random.default_rng(0))
    assert len(drawn) == 10_000
    assert (np.diff(drawn) >= 0).all()
    # Of a Poisson process the gaps are as long as they spread: 1/50 both.
    assert np.diff(drawn).mean() == pytest.approx(0.02, rel=0.05)
    assert np.diff(drawn).std() == pytest.approx(0.02, rel=0.05)
