"""Slow requests are kept as they went, and shown to whoever may see them."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands.main import EXIT_THEIRS, main
from multigrain.client import Client
from multigrain.errors import Forbidden, InvalidRequest, Overloaded, Unavailable
from multigrain.telemetry import CHANNEL_ANSWERS
from server.channels import all_channels
from server.channels.channel import Channel
from server.channels.lexical_index import LexicalIndex
from server.lifecycle import Server
from server.request import ChannelName
from tests.flow.serving import Shop, eventually, open_shop, serving
from tests.flow.troubled import Gate, GatedChannel

SECONDS = 0.4
STAGES = ["understand", "user", "channels", "judge", "refill", "answer", "reply"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return open_shop(tmp_path_factory.mktemp("shop"))


def gated(gate: Gate, *names: ChannelName) -> Callable[[LexicalIndex], list[Channel]]:
    def channels(titles: LexicalIndex) -> list[Channel]:
        return [GatedChannel(one, gate) if one.name in names else one for one in all_channels(titles)]

    return channels


@contextmanager
def slow_vectors(shop: Shop, **settings: float | Path) -> Iterator[tuple[Server, Client]]:
    """A server whose vector channel never answers in time."""
    gate = Gate()
    with serving(shop, channels=gated(gate, ChannelName.VECTOR), slow_ms=150, **settings) as (server, client):
        gate.shut()
        yield server, client
        gate.open()


def test_a_request_with_a_late_channel_is_kept_as_it_went(shop: Shop) -> None:
    late = CHANNEL_ANSWERS.labels("vector", "late")
    before = late._value.get()
    with slow_vectors(shop) as (_, client):
        answer = client.retrieve("summer dress", "user-1", limit=7, timeout_seconds=SECONDS, brands=["nike"])
        found = client.list_slow()
    slow = next(one for one in found.requests if one.request_id == answer.request_id)
    assert found.threshold_ms == 150
    assert slow.milliseconds >= 150
    assert (slow.query, slow.user_id, slow.limit, slow.generation_id) == ("summer dress", "user-1", 7, "g-1")
    assert (slow.returned, slow.judged, slow.degraded) == (len(answer), answer.judged, ("channel_late",))
    assert (slow.categories, dict(slow.dropped_by)) == (answer.categories, dict(answer.dropped_by))
    assert [stage.stage for stage in slow.stages] == STAGES
    assert max(slow.stages, key=lambda stage: stage.milliseconds).stage == "channels"
    assert sum(stage.milliseconds for stage in slow.stages) <= slow.milliseconds
    vector = next(report for report in slow.reports if report.channel == "vector")
    assert vector.problem.startswith("late: no answer within")
    assert all(report.item_ids == () for report in slow.reports)
    assert late._value.get() == before + 1


def test_a_request_that_failed_slowly_is_kept_with_what_its_channels_did(shop: Shop) -> None:
    gate = Gate()
    with serving(shop, channels=gated(gate, *ChannelName), slow_ms=150) as (_, client):
        gate.shut()
        with pytest.raises(Unavailable):
            client.retrieve("no luck", timeout_seconds=SECONDS)
        gate.open()
        slow = next(one for one in client.list_slow().requests if one.query == "no luck")
    assert (slow.returned, slow.judged, slow.generation_id) == (0, 0, "g-1")
    assert [stage.stage for stage in slow.stages] == STAGES[:3]
    assert slow.reports
    assert all(report.problem for report in slow.reports)


def test_only_an_admin_sees_what_others_asked(shop: Shop, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("".join(a_line(scope) for scope in ("retrieve", "admin")))

    def connect(address: str) -> Client:
        return Client(address, token="retrieve")

    with serving(shop, connect=connect, tokens_file=tokens) as (server, client):
        with pytest.raises(Forbidden, match="lacks admin"):
            client.list_slow()
        with Client(server.address, token="admin") as admin:
            assert admin.list_slow().threshold_ms == 100


def a_line(scope: str) -> str:
    """A tokens file's line; name, scope and token are one word."""
    return f"{scope} {scope} sha256:{hashlib.sha256(scope.encode()).hexdigest()}\n"


def test_the_commands_show_them(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    with slow_vectors(shop) as (server, client):
        client.retrieve("it's a dress", "user-1", limit=7, timeout_seconds=SECONDS)
        assert main(["slow", "--address", server.address, "--limit", "1", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert main(["slow", "--address", server.address]) == 0
        shown = capsys.readouterr().out
        assert main(["slow", "--address", server.address, "--limit", "-1"]) == EXIT_THEIRS
        assert "limit" in capsys.readouterr().err
    (slow,) = told["requests"]
    assert (slow["query"], slow["degraded"]) == ("it's a dress", ["channel_late"])
    assert [stage["stage"] for stage in slow["stages"]] == STAGES
    assert slow["reports"][0]["problem"].startswith("late")
    assert """multigrain explain 'it'"'"'s a dress' --user user-1 --limit 7 --item ITEM""" in shown


def test_debug_tells_the_stages_and_their_sum_is_within_what_the_client_waited(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(shop) as (server, client):
        assert client.retrieve("red dress").stages == ()
        started = time.monotonic()
        stages = client.retrieve("red dress", debug=True).stages
        waited_ms = (time.monotonic() - started) * 1000
        assert main(["query", "red dress", "--address", server.address, "--debug"]) == 0
        shown = capsys.readouterr().out
        with pytest.raises(InvalidRequest, match="limit"):
            client.list_slow(1001)
    assert [one.stage for one in stages] == STAGES
    assert 0 < sum(one.milliseconds for one in stages) < waited_ms
    assert all(name in shown for name in (*STAGES, "wire and client"))


def test_they_are_shown_while_other_calls_are_shed(shop: Shop) -> None:
    gate = Gate()
    with (
        serving(shop, channels=gated(gate, *ChannelName), max_concurrent=1) as (_, client),
        ThreadPoolExecutor(1) as threads,
    ):
        gate.shut()
        waiting = threads.submit(client.retrieve, "red dress", timeout_seconds=8)
        eventually(lambda: gate.reached, lambda reached: reached > 0)
        with pytest.raises(Overloaded):
            client.retrieve("red dress")
        assert client.list_slow().requests == ()
        gate.open()
        assert len(waiting.result()) > 0
