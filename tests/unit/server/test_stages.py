import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from multigrain.telemetry import STAGE_SECONDS
from server.timing.stages import Call, current_call, stage, step


def a_call() -> Call:
    call = Call(method="Retrieve", request_id="r-1")
    call.begin()
    return call


def in_a_task(work: Callable[[], None]) -> None:
    """The call of one test must not be seen by the next."""
    contextvars.copy_context().run(work)


def test_stages_stand_in_their_order_and_steps_within_them() -> None:
    def work() -> None:
        call = a_call()
        with stage("user"), step("read_state"):
            pass
        with stage("judge"):
            pass
        call.end("OK")
        user, judge = call.stages()
        assert (user.name, judge.name) == ("user", "judge")
        read = next(one for one in call.steps if one.name == "read_state")
        assert read.within == user.number
        assert user.started <= read.started <= read.ended <= user.ended <= judge.started

    in_a_task(work)


def test_what_runs_side_by_side_lies_within_the_same_stage_and_not_within_each_other() -> None:
    async def ask(name: str) -> None:
        with step(name):
            await asyncio.sleep(0.01)

    async def work() -> Call:
        call = a_call()
        with stage("channels"):
            await asyncio.gather(ask("vector"), ask("lexical"))
        return call

    call = asyncio.run(work())
    (channels,) = call.stages()
    assert {one.name: one.within for one in call.steps if one is not channels} == {
        "vector": channels.number,
        "lexical": channels.number,
    }


def test_a_thread_that_runs_in_the_context_of_the_task_adds_to_its_call() -> None:
    def search() -> None:
        with step("search") as facts:
            facts["k"] = 10

    def work() -> None:
        call = a_call()
        with stage("channels"), ThreadPoolExecutor(1) as threads:
            threads.submit(contextvars.copy_context().run, search).result()
        search_step, channels = call.steps
        assert (search_step.within, search_step.facts) == (channels.number, {"k": 10})

    in_a_task(work)


def test_a_stage_that_is_broken_off_is_kept_and_measured() -> None:
    def measured() -> float:
        return next(
            sample.value
            for sample in STAGE_SECONDS.labels("refill").collect()[0].samples
            if sample.name.endswith("_count")
        )

    def work() -> None:
        call, before = a_call(), measured()
        with pytest.raises(ValueError, match="no luck"), stage("refill"):
            raise ValueError("no luck")
        assert [one.name for one in call.stages()] == ["refill"]
        assert measured() == before + 1

    in_a_task(work)


def test_what_ends_after_its_call_is_not_added() -> None:
    def work() -> None:
        call = a_call()
        with step("search"):
            call.end("DEADLINE_EXCEEDED")
        assert call.steps == []

    in_a_task(work)


def test_outside_of_a_call_a_step_is_no_trouble_and_there_is_no_call() -> None:
    def work() -> None:
        with step("search") as facts:
            facts["k"] = 10
        with pytest.raises(LookupError):
            current_call()

    contextvars.Context().run(work)
