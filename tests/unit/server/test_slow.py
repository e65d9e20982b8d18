import contextvars
import gc
import logging
import weakref
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigrain.telemetry import LOG_FIELDS
from multigrain.types import Action, GenerationId, ItemId
from server.request import ChannelName, Request, SessionEvent
from server.result import Candidates, ChannelReport, Freshness, Hits, Result, Verdict
from server.timing.slow import SlowRequests
from server.timing.stages import Call, Step, stage, step
from server.understanding.intent import Intent
from tests.builders import NOON_MS


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


STILL = Clock()


def a_call(milliseconds: float, name: str = "r-1", *, query: str = "red dress") -> Call:
    call = Call(method="Retrieve", request_id=name, started=0.0)
    events = (SessionEvent(ItemId("sku-1"), Action.CLICK, NOON_MS),)
    call.request = Request(request_id=name, query=query, recent_events=events)
    call.ended, call.status = milliseconds / 1000, "OK"
    return call


def a_store(clock: Callable[[], float] = STILL, *, slow_ms: float = 100) -> SlowRequests:
    return SlowRequests(slow_ms=slow_ms, now_ms=lambda: NOON_MS, monotonic=clock)


def kept(slow: SlowRequests, count: int = 1000) -> list[str]:
    return [request.request.request_id for request in slow.slowest(count)]


def test_only_what_reaches_the_threshold_is_kept_and_zero_keeps_nothing() -> None:
    slow, none = a_store(), a_store(slow_ms=0)
    for milliseconds in (99.9, 100.1, 250.0):
        slow.tell(a_call(milliseconds, f"r-{milliseconds}"))
        none.tell(a_call(milliseconds))
    assert kept(slow) == ["r-250.0", "r-100.1"]
    assert kept(slow, 1) == ["r-250.0"]
    assert kept(none) == []


@given(st.lists(st.integers(100, 10_000), max_size=300))
def test_of_many_the_hundred_slowest_stay(all_ms: list[int]) -> None:
    slow = a_store()
    for milliseconds in all_ms:
        slow.tell(a_call(milliseconds + 0.5))
    seen = [round(request.milliseconds - 0.5) for request in slow.slowest(1000)]
    assert seen == sorted(all_ms, reverse=True)[:100]


def test_after_ten_minutes_it_is_forgotten_and_makes_room_for_quicker_ones() -> None:
    clock = Clock()
    slow = a_store(clock)
    for number in range(100):
        slow.tell(a_call(5000, f"old-{number}"))
    clock.now = 300
    slow.tell(a_call(6000, "later"))
    clock.now = 601
    assert kept(slow) == ["later"]
    slow.tell(a_call(101, "now"))
    assert kept(slow) == ["later", "now"]


def test_neither_session_events_nor_columns_are_kept() -> None:
    slow, call = a_store(), a_call(200)
    column = np.arange(3)
    watched = weakref.ref(column)
    call.result = a_result(Hits(column, np.ones(3, np.float32)))
    slow.tell(call)
    del call, column
    gc.collect()
    (one,) = slow.slowest(1)
    assert watched() is None
    assert one.request.recent_events == ()
    assert one.at_ms == NOON_MS - 200
    assert [(told.hits, told.milliseconds) for told in one.channels] == [(3, 8.5)]
    assert (one.generation_id, one.judged, one.returned) == ("g-1", 3, 2)


def a_result(hits: Hits) -> Result:
    """Two kept of the three, and one dropped."""
    report = ChannelReport(channel=ChannelName.VECTOR, hits=hits, milliseconds=8.5)
    found = Candidates(
        item_nos=hits.item_nos,
        scores=hits.scores,
        channels=np.full(3, 2, np.uint32),
        ranks=np.array([[1, 2, 3]], np.int32),
        found=((ChannelName.VECTOR, hits),),
    )
    return Result(
        request_id="r-1",
        generation_id=GenerationId("g-1"),
        kept=found.take(np.array([0, 1])),
        kept_verdicts=np.array([1, 1], np.uint8),
        item_ids=("sku-1", "sku-2"),
        dropped=found.take(np.array([2])),
        dropped_verdicts=np.array([3], np.uint8),
        judged=3,
        dropped_by={Verdict.BRAND: 1},
        reports=(report,),
        freshness=Freshness(newest_behavior_ms=None, catalogue_revision=1),
        degraded=(),
        intent=Intent(),
    )


def test_a_request_that_failed_tells_what_its_channels_did() -> None:
    call = a_call(200)
    call.status = ""
    contextvars.copy_context().run(ask_channels, call)
    call.status = "UNAVAILABLE"
    call.generation_id = GenerationId("g-1")
    slow = a_store()
    slow.tell(call)
    (one,) = slow.slowest(1)
    assert one.generation_id == "g-1"
    assert [(told.channel, told.hits, told.problem) for told in one.channels] == [
        (ChannelName.VECTOR, 0, "late: no answer within 150 ms"),
        (ChannelName.LEXICAL, 7, ""),
        (ChannelName.NEIGHBOURS, 0, "broken off"),
    ]


def ask_channels(call: Call) -> None:
    call.begin()
    with stage("channels"):
        with step("vector") as facts:
            facts |= {"hits": 0, "problem": "late: no answer within 150 ms"}
        with step("lexical") as facts:
            facts |= {"hits": 7}
        with step("neighbours"):
            pass  # the caller went away


def test_it_warns_once_a_second_with_the_slowest_stage_and_counts_the_others(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    slow, call = a_store(clock), a_call(200)
    call.steps = [a_stage("user", 20), a_stage("refill", 150), a_stage("judge", 3)]
    call.trace_id = "ab" * 16
    with caplog.at_level(logging.WARNING):
        slow.tell(call)
        for _ in range(3):
            slow.tell(a_call(300))
        clock.now = 1.0
        slow.tell(a_call(150, "r-2"))
    first, second = (getattr(record, LOG_FIELDS) for record in caplog.records)
    assert first == {
        "request": "r-1",
        "milliseconds": 200.0,
        "stage": "refill",
        "stage_milliseconds": 150.0,
        "trace": "ab" * 16,
    }
    assert second == {"request": "r-2", "milliseconds": 150.0, "others": 3}
    assert "red dress" not in caplog.text


def a_stage(name: str, milliseconds: float) -> Step:
    made = stage(name)
    made.ended = milliseconds / 1000
    return made
