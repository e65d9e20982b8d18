import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import pytest

from multigrain.errors import IndexUnavailable, Unavailable
from multigrain.features.windows import Windows
from server.channels.asking import ask_all, depths_of
from server.channels.channel import Only, Question
from server.request import ChannelName, ChannelQuota, Request
from server.result import Degraded, Hits
from tests.unit.server.test_live import Loads, a_generation

VECTOR, LEXICAL = ChannelName.VECTOR, ChannelName.LEXICAL


class GivenChannel:
    """A channel that does what the test says."""

    def __init__(self, name: ChannelName, does: Callable[[int], Coroutine[Any, Any, Hits]]) -> None:
        self.name = name
        self._does = does

    async def ask(self, question: Question, k: int, *, only: Only, seconds: float) -> Hits:
        return await self._does(k)

    def close(self) -> None:
        pass


async def two_hits(k: int) -> Hits:
    return Hits(np.array([1, 2], np.int64), np.array([0.9, 0.8], np.float32))


async def never(k: int) -> Hits:
    await asyncio.sleep(60)
    raise AssertionError("it should have been cut off")


async def broken(k: int) -> Hits:
    raise IndexUnavailable("milvus at 10.0.0.7 does not answer")


@pytest.fixture
def question() -> Question:
    loads = Loads()
    from multigrain.index import specs

    loads.indexes.create("g_1", dims=8, spec=specs.Flat())
    return Question(loads(a_generation("g-1")), "red dress", Windows())


def asked(question: Question, *channels: GivenChannel, seconds: float = 0.05) -> Any:  # Any: reports
    return asyncio.run(ask_all(channels, question, Request(request_id="r-1", query="red dress"), seconds=seconds))


def test_a_late_channel_is_marked_and_the_others_answer(question: Question) -> None:
    late, well = asked(question, GivenChannel(VECTOR, never), GivenChannel(LEXICAL, two_hits))
    assert (late.degraded, len(late.hits), late.problem) == (Degraded.CHANNEL_LATE, 0, "late: no answer within 50 ms")
    assert (well.degraded, len(well.hits), well.problem) == (None, 2, "")
    assert late.milliseconds >= 50


def test_a_failing_channel_is_marked_without_telling_addresses(question: Question) -> None:
    failed, well = asked(question, GivenChannel(VECTOR, broken), GivenChannel(LEXICAL, two_hits))
    assert (failed.degraded, failed.problem) == (Degraded.CHANNEL_FAILED, "failed: IndexUnavailable")
    assert len(well.hits) == 2


def test_when_every_channel_fails_the_call_is_unavailable(question: Question) -> None:
    with pytest.raises(Unavailable, match="vector failed: IndexUnavailable; lexical late"):
        asked(question, GivenChannel(VECTOR, broken), GivenChannel(LEXICAL, never))


def test_when_every_channel_is_late_the_time_was_too_short(question: Question) -> None:
    with pytest.raises(TimeoutError, match="give the call more time"):
        asked(question, GivenChannel(VECTOR, never), GivenChannel(LEXICAL, never))


def test_channels_are_asked_side_by_side(question: Question) -> None:
    both = asyncio.Barrier(2)

    async def meets(k: int) -> Hits:
        await both.wait()
        return await two_hits(k)

    reports = asked(question, GivenChannel(VECTOR, meets), GivenChannel(LEXICAL, meets), seconds=5)
    assert [len(report.hits) for report in reports] == [2, 2]


def test_the_others_begin_when_the_search_of_the_vector_channel_is_on_its_way(question: Question) -> None:
    begun: list[str] = []

    async def searches(k: int) -> Hits:
        begun.append("encoding")
        await asyncio.sleep(0)
        begun.append("search")
        question.searching.set()
        return await two_hits(k)

    async def notes(k: int) -> Hits:
        begun.append("lexical")
        return await two_hits(k)

    asked(question, GivenChannel(LEXICAL, notes), GivenChannel(VECTOR, searches), seconds=60)
    assert begun == ["encoding", "search", "lexical"]


def test_the_others_do_not_wait_for_a_vector_channel_that_failed(question: Question) -> None:
    failed, well = asked(question, GivenChannel(VECTOR, broken), GivenChannel(LEXICAL, two_hits), seconds=1e9)
    assert (failed.degraded, len(well.hits)) == (Degraded.CHANNEL_FAILED, 2)


def test_the_others_begin_a_fifth_of_the_time_later_at_most(question: Question) -> None:
    loop_times: list[float] = []

    async def notes(k: int) -> Hits:
        loop_times.append(asyncio.get_running_loop().time())
        return await two_hits(k)

    started = time.monotonic()
    late, well = asked(question, GivenChannel(VECTOR, never), GivenChannel(LEXICAL, notes), seconds=0.5)
    assert (late.degraded, well.degraded) == (Degraded.CHANNEL_LATE, None)
    assert loop_times[0] - started >= 0.5 / 5


def test_only_the_channels_that_the_request_names_are_asked(question: Question) -> None:
    request = Request(request_id="r-1", query="red dress", channels=(ChannelQuota(LEXICAL, None),))
    channels = [GivenChannel(VECTOR, broken), GivenChannel(LEXICAL, two_hits)]
    reports = asyncio.run(ask_all(channels, question, request, seconds=1))
    assert [report.channel for report in reports] == [LEXICAL]


def test_a_channel_is_asked_for_its_quota_or_for_the_limit_and_never_beyond_the_index() -> None:
    request = Request(
        request_id="r-1",
        query="q",
        limit=5000,
        channels=(ChannelQuota(VECTOR, None), ChannelQuota(LEXICAL, 30)),
    )
    assert depths_of(request, 16_384) == {VECTOR: 5000, LEXICAL: 30}
    assert depths_of(request, 1024) == {VECTOR: 1024, LEXICAL: 30}
