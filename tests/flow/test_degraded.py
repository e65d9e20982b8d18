"""What is late or broken leaves the answer smaller and marked, within the deadline."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from multigrain.answers import Answer
from multigrain.client import Client
from multigrain.telemetry import DEGRADED
from server.channels import all_channels
from server.channels.channel import Channel
from server.channels.lexical import LexicalChannel
from server.channels.lexical_index import LexicalIndex
from server.channels.vector import VectorChannel
from tests.builders import a_behavior
from tests.flow.serving import Shop, open_shop, serving
from tests.flow.troubled import BrokenChannel, BrokenFeatures, Gate, GatedChannel, GatedFeatures

DEADLINE_SECONDS = 1.0
BACK_SECONDS = 0.2
"""For what is left when the call is over: on a busy machine a thread wakes up late."""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = open_shop(tmp_path)
    made.features.record([a_behavior("sku-3", user_id="user-1")], [])
    return made


@pytest.fixture
def gate() -> Gate:
    return Gate()


def in_time(ask: Callable[[], Answer]) -> Answer:
    """The answer, which must come before the deadline: a reply that the client gave up on is none, and raises."""
    started = time.monotonic()
    answer = ask()
    assert time.monotonic() - started < DEADLINE_SECONDS + BACK_SECONDS
    return answer


def ask(client: Client) -> Callable[[], Answer]:
    return lambda: client.retrieve("summer dress", "user-1", limit=10, timeout_seconds=DEADLINE_SECONDS)


def test_a_slow_feature_store_costs_the_personalisation_and_not_the_answer(shop: Shop, gate: Gate) -> None:
    counted = DEGRADED.labels("user_features")._value.get()
    with serving(shop, features=GatedFeatures(shop.features, gate)) as (_, client):
        well = in_time(ask(client))
        gate.shut()
        answer = in_time(ask(client))
        gate.open()
    assert (well.degraded, well.newest_behavior is not None) == ((), True)
    assert answer.degraded == ("user_features",)
    assert answer.newest_behavior is None
    assert len(answer) == 10
    assert DEGRADED.labels("user_features")._value.get() == counted + 1


def test_a_broken_feature_store_costs_the_personalisation_and_not_the_answer(shop: Shop) -> None:
    with serving(shop, features=BrokenFeatures()) as (_, client):
        answer = in_time(ask(client))
    assert answer.degraded == ("user_features",)
    assert len(answer) == 10


def test_a_hung_feature_store_slows_no_later_request_beyond_its_budget(shop: Shop, gate: Gate) -> None:
    with serving(shop, features=GatedFeatures(shop.features, gate), feature_budget_ms=20) as (_, client):
        gate.shut()
        # More requests than the store has threads: those behind wait for a thread, and no longer than for an answer.
        answers = [in_time(ask(client)) for _ in range(20)]
        gate.open()
    assert {answer.degraded for answer in answers} == {("user_features",)}
    assert {len(answer) for answer in answers} == {10}


@pytest.mark.parametrize("troubled", ["vector", "lexical"])
def test_a_slow_channel_is_left_out_and_marked(shop: Shop, gate: Gate, troubled: str) -> None:
    def channels(titles: LexicalIndex) -> Sequence[Channel]:
        real = all_channels(titles)
        return [GatedChannel(one, gate) if one.name.name.lower() == troubled else one for one in real]

    with serving(shop, channels=channels) as (_, client):
        assert in_time(ask(client)).degraded == ()
        gate.shut()
        answer = in_time(ask(client))
        gate.open()
    assert answer.degraded == ("channel_late",)
    assert len(answer) == 10
    late = next(report for report in answer.reports if report.channel == troubled)
    assert late.hits == 0
    assert late.problem.startswith("late: no answer within")
    assert {channel for row in answer.rows() for channel in row.channels} == {"vector", "lexical"} - {troubled}


@pytest.mark.parametrize("troubled", ["vector", "lexical"])
def test_a_broken_channel_is_left_out_and_marked(shop: Shop, troubled: str) -> None:
    def channels(titles: LexicalIndex) -> Sequence[Channel]:
        return [BrokenChannel(one) if one.name.name.lower() == troubled else one for one in all_channels(titles)]

    with serving(shop, channels=channels) as (_, client):
        answer = in_time(ask(client))
    assert answer.degraded == ("channel_failed",)
    assert len(answer) == 10
    assert [report.problem for report in answer.reports if report.channel == troubled] == ["failed: IndexUnavailable"]


def test_holes_that_could_not_be_filled_in_time_are_marked(shop: Shop, gate: Gate) -> None:
    class ShutsAfterTheFirst(GatedChannel):
        async def ask(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
            hits = await super().ask(*args, **kwargs)  # type: ignore[arg-type]
            gate.shut()
            return hits

    def channels(titles: LexicalIndex) -> Sequence[Channel]:
        return [ShutsAfterTheFirst(VectorChannel(), gate), LexicalChannel(titles)]

    with serving(shop, channels=channels) as (_, client):
        answer = in_time(
            lambda: client.retrieve(
                "running black shoes summer red adidas",
                limit=8,
                channels={"vector": 0},
                timeout_seconds=DEADLINE_SECONDS,
            )
        )
        gate.open()
    assert answer.degraded == ("not_filled",)
    assert 0 < len(answer) < 8
    assert answer.dropped == 8 - len(answer)
