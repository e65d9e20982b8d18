"""How requests share the calls of an encoder."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

import numpy as np
import pytest
from prometheus_client import REGISTRY

from multigrain.errors import Unavailable
from multigrain.features.windows import Windows
from multigrain.types import BehaviorColumns, Float32s, UserId
from server.channels.channel import Question
from server.encoding.history_key import NO_HISTORY, HistoryKey, Origin
from server.encoding.query import encode_alone
from server.encoding.query_encodings import THREADS, QueryEncodings
from tests.builders import WordEncoder, a_behavior
from tests.unit.server.halved import HalvedWordEncoder
from tests.unit.server.test_live import Loads, a_generation

NOBODY = Windows()


def of_user(number: int) -> tuple[Windows, HistoryKey]:
    clicked = a_behavior(f"sku-{number}")
    return Windows(realtime=BehaviorColumns.of([clicked])), HistoryKey(Origin(UserId(f"u-{number}"), 1, ()), (), (), 0)


def run(story: Callable[[QueryEncodings], Awaitable[None]], *, monotonic: Callable[[], float] = time.monotonic) -> None:
    async def told() -> None:
        encodings = QueryEncodings(cache_bytes=1 << 20, monotonic=monotonic)
        try:
            await story(encodings)
        finally:
            encodings.close()

    asyncio.run(told())


async def all_threads_busy(encodings: QueryEncodings, encoder: HalvedWordEncoder) -> list["asyncio.Future[Float32s]"]:
    """Calls that wait at the encoder's gate, one for each thread."""
    encoder.gate.clear()
    return [encodings.ask(encoder, f"first {thread}", *of_user(-1 - thread), seconds=10) for thread in range(THREADS)]


async def knowing(encodings: QueryEncodings, encoder: HalvedWordEncoder, *numbers: int) -> None:
    """Makes the states of these users, and forgets that it did."""
    for number in numbers:
        await encodings.ask(encoder, "before", *of_user(number), seconds=10)
    encoder.texts.clear()
    encoder.users.clear()


def left_out(why: str) -> float:
    return REGISTRY.get_sample_value("multigrain_encodings_left_out_total", {"why": why}) or 0.0


def test_what_waits_goes_together_in_its_order_and_each_gets_its_own() -> None:
    async def story(encodings: QueryEncodings) -> None:
        encoder = HalvedWordEncoder()
        await knowing(encodings, encoder, 1, 2, 3)
        busy = await all_threads_busy(encodings, encoder)
        wanted = [(f"text {n}", *of_user(1 + n % 3)) for n in range(6)]
        waiting = [encodings.ask(encoder, *one, seconds=10) for one in wanted]
        encoder.gate.set()
        found = await asyncio.gather(*waiting)
        await asyncio.gather(*busy)
        together = [texts for texts in encoder.texts if texts[0].startswith("text")]
        assert together == [("text 0", "text 1", "text 2", "text 3"), ("text 4", "text 5")], "4 at most, says it"
        for (text, windows, _), vector in zip(wanted, found, strict=True):
            np.testing.assert_array_equal(vector, encode_alone(encoder, text, windows))

    run(story)


def test_a_lone_request_begins_at_once() -> None:
    async def story(encodings: QueryEncodings) -> None:
        encoder = HalvedWordEncoder()
        vector = encodings.ask(encoder, "red", NOBODY, NO_HISTORY, seconds=10)
        deadline = time.monotonic() + 5
        while not encoder.texts and time.monotonic() < deadline:
            time.sleep(0.001)  # the loop has no turn in between
        assert encoder.texts == [("red",)]
        assert (await vector).shape == (1, 8)

    run(story)


def test_an_unknown_user_goes_alone_and_who_asks_for_the_same_comes_along() -> None:
    async def story(encodings: QueryEncodings) -> None:
        encoder = HalvedWordEncoder()
        busy = await all_threads_busy(encodings, encoder)
        waiting = [encodings.ask(encoder, f"text {n}", *of_user(n % 2), seconds=10) for n in range(4)]
        encoder.gate.set()
        await asyncio.gather(*waiting, *busy)
        # Which call ends last is the threads' affair.
        assert {("text 0", "text 2"), ("text 1", "text 3")} <= set(encoder.texts)
        assert len(encoder.texts) == THREADS + 2
        assert len(encoder.users) == THREADS + 2

    run(story)


def test_two_generations_never_share_a_call() -> None:
    async def story(encodings: QueryEncodings) -> None:
        old, new = HalvedWordEncoder(), HalvedWordEncoder()
        for encoder in (old, new):
            await knowing(encodings, encoder, 1)
        busy = await all_threads_busy(encodings, old)
        waiting = [encodings.ask((old, new)[n % 2], f"text {n}", *of_user(1), seconds=10) for n in range(4)]
        old.gate.set()
        await asyncio.gather(*waiting, *busy)
        assert ("text 0", "text 2") in old.texts
        assert new.texts == [("text 1", "text 3")]

    run(story)


def test_an_encoder_without_halves_takes_whole_queries_together() -> None:
    class Gated(WordEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.asked: list[int] = []
            self.gate = threading.Event()

        def encode_queries(self, queries: list[tuple[str, Windows]]) -> Float32s:
            assert self.gate.wait(10)
            self.asked.append(len(queries))
            return super().encode_queries(queries)

    async def story(encodings: QueryEncodings) -> None:
        encoder = Gated()
        waiting = [encodings.ask(encoder, f"text {n}", NOBODY, None, seconds=10) for n in range(THREADS + 10)]
        encoder.gate.set()
        found = await asyncio.gather(*waiting)
        assert sorted(encoder.asked) == [1] * THREADS + [2, 8]
        np.testing.assert_array_equal(
            np.concatenate(found), encoder.encode_queries([(f"text {n}", NOBODY) for n in range(12)])
        )

    run(story)


def test_an_error_reaches_all_of_its_batch_and_nobody_else() -> None:
    async def story(encodings: QueryEncodings) -> None:
        encoder = HalvedWordEncoder()
        await knowing(encodings, encoder, 1)
        busy = await all_threads_busy(encodings, encoder)
        texts = ["one", "bad", "two", "three", "four", "five"]
        waiting = [encodings.ask(encoder, text, *of_user(1), seconds=10) for text in texts]
        encoder.gate.set()
        found = await asyncio.gather(*waiting, *busy, return_exceptions=True)
        assert [isinstance(one, ValueError) for one in found] == [True] * 4 + [False] * (2 + THREADS)

    run(story)


def test_a_cancelled_query_is_left_out() -> None:
    async def story(encodings: QueryEncodings) -> None:
        encoder, before = HalvedWordEncoder(), left_out("cancelled")
        await knowing(encodings, encoder, 1)
        busy = await all_threads_busy(encodings, encoder)
        waiting = [encodings.ask(encoder, f"text {n}", *of_user(1), seconds=10) for n in range(3)]
        waiting[0].cancel()
        waiting[1].cancel()
        encoder.gate.set()
        await asyncio.gather(waiting[2], *busy)
        assert ("text 2",) in encoder.texts
        assert left_out("cancelled") - before == 2

    run(story)


def test_a_query_whose_time_is_over_when_its_turn_comes_is_left_out() -> None:
    now = [100.0]

    async def story(encodings: QueryEncodings) -> None:
        encoder, before = HalvedWordEncoder(), left_out("late")
        await knowing(encodings, encoder, 1)
        busy = await all_threads_busy(encodings, encoder)
        hasty = encodings.ask(encoder, "hasty", *of_user(1), seconds=1)
        patient = encodings.ask(encoder, "patient", *of_user(1), seconds=3)
        now[0] += 2
        encoder.gate.set()
        await asyncio.gather(patient, *busy)
        with pytest.raises(TimeoutError, match="no time left to encode"):
            await hasty
        assert not any("hasty" in texts for texts in encoder.texts)
        assert left_out("late") - before == 1

    run(story, monotonic=lambda: now[0])


def test_who_waits_at_a_stop_is_refused_and_who_comes_after_it_is() -> None:
    async def story(encodings: QueryEncodings) -> None:
        encoder = HalvedWordEncoder()
        busy = await all_threads_busy(encodings, encoder)
        waiting = encodings.ask(encoder, "waits", *of_user(1), seconds=10)
        encodings.close()
        late = encodings.ask(encoder, "too late", *of_user(1), seconds=10)
        encoder.gate.set()
        for refused in (waiting, late):
            with pytest.raises(Unavailable, match="the server stops"):
                await refused
        assert [len(vector) for vector in await asyncio.gather(*busy)] == [1] * THREADS

    run(story)


def test_hundreds_at_once_get_what_each_would_get_alone() -> None:
    async def story(encodings: QueryEncodings) -> None:
        encoder = HalvedWordEncoder()
        wanted = [(f"text {n % 17}", *of_user(n % 23)) for n in range(300)]

        async def one(n: int) -> Float32s:
            await asyncio.sleep(0.0005 * (n % 7))
            return await encodings.ask(encoder, *wanted[n], seconds=30)

        found = await asyncio.gather(*(one(n) for n in range(len(wanted))))
        assert len(encoder.texts) < len(wanted), "some went together"
        for (text, windows, _), vector in zip(wanted, found, strict=True):
            np.testing.assert_array_equal(vector, encode_alone(encoder, text, windows))

    run(story)


def a_question(encodings: QueryEncodings, encoder: HalvedWordEncoder) -> Question:
    from dataclasses import replace

    from multigrain.index import specs

    loads = Loads()
    loads.indexes.create("g_1", dims=8, spec=specs.Flat())
    live = replace(loads(a_generation("g-1")), encoder=encoder)
    return Question(live, "red dress", NOBODY, key=NO_HISTORY, encodings=encodings)


def test_a_question_is_encoded_once_however_many_searches_need_it() -> None:
    async def story(encodings: QueryEncodings) -> None:
        encoder = HalvedWordEncoder()
        question = a_question(encodings, encoder)
        first, second = await asyncio.gather(question.vector(seconds=5), question.vector(seconds=5))
        assert await question.vector(seconds=5) is first is second
        assert encoder.texts == [("red dress",)]

    run(story)


def test_a_search_that_gives_up_takes_the_vector_from_nobody_and_the_last_one_calls_it_off() -> None:
    async def story(encodings: QueryEncodings) -> None:
        encoder = HalvedWordEncoder()
        question, before = a_question(encodings, encoder), left_out("cancelled")
        busy = await all_threads_busy(encodings, encoder)
        hasty, patient = (asyncio.create_task(question.vector(seconds=5)) for _ in range(2))
        await asyncio.sleep(0)
        hasty.cancel()
        await asyncio.sleep(0)
        encoder.gate.set()
        assert (await patient).shape == (1, 8)
        await asyncio.gather(*busy)

        question, busy = a_question(encodings, encoder), await all_threads_busy(encodings, encoder)
        alone = asyncio.create_task(question.vector(seconds=5))
        await asyncio.sleep(0)
        alone.cancel()
        await asyncio.sleep(0)
        encoder.gate.set()
        await asyncio.gather(*busy)
        assert left_out("cancelled") - before == 1
        assert (await question.vector(seconds=5)).shape == (1, 8), "a later search asks anew"

    run(story)
