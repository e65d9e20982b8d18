"""The canary of a server: what it tells of a live index, and when it rolls back."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import Counter

from multigrain import database, golden
from multigrain.canary import Pace
from multigrain.canary.queries import canary_queries, searched_texts
from multigrain.features.windows import Windows
from multigrain.golden import Golden
from multigrain.registry.generation import Generation, GenerationState
from multigrain.settings import GenerationSettings
from multigrain.telemetry import CANARY_LOOKS, CANARY_RECALL
from multigrain.types import Float32s, GenerationId
from server.generations.canary import LiveCanary
from server.generations.live import LiveGenerations
from tests.builders import a_user_query
from tests.flow.serving import Shop, eventually, open_shop, serving

QUERIES = tuple((text, Windows()) for text in ("red summer dress", "nike running shoes", "black", "adidas shoes"))
SETTINGS = {"canary_k": 10, "canary_recall_floor": 0.98}
AT_ONCE = Pace(settle_seconds=0)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = open_shop(tmp_path, items=200)
    made.publish("g-2", seed=7, dims=48)
    return made


def spoil(shop: Shop, name: str) -> None:
    """Takes every fifth row out of the index of that generation."""
    shop.indexes.open(shop.collection(name)).delete(np.arange(1, 201, 5))


def ask_them(generation: Generation) -> tuple[tuple[str, Windows], ...]:
    return QUERIES


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def a_canary(shop: Shop, clock: Clock, *, rollback: bool = False) -> tuple[LiveGenerations, LiveCanary]:
    """A canary of a server that serves what is live now; it looks every 100 seconds of this clock."""
    generations = LiveGenerations(shop.registry, shop.load, allow_choice=False)
    generations.refresh()
    return generations, LiveCanary(
        generations,
        shop.registry,
        shop.catalogue,
        ask_them,
        GenerationSettings.model_validate({**SETTINGS, "rollback_on_canary": rollback}),
        every_seconds=100,
        pace=AT_ONCE,
        monotonic=clock,
    )


@contextmanager
def counting(outcome: str) -> Iterator[Callable[[], float]]:
    """How many more looks had this outcome since the block began."""
    counter: Counter = CANARY_LOOKS.labels(outcome)
    before = counter._value.get()
    yield lambda: counter._value.get() - before


def test_a_right_index_is_looked_at_once_an_interval(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    _, canary = a_canary(shop, clock)
    with counting("passed") as looks, caplog.at_level(logging.INFO, "server.generations.canary"):
        for clock.now in (1.0, 2.0, 100.0, 101.5, 102.0):
            canary.refresh()
        assert looks() == 2
    assert CANARY_RECALL._value.get() == 1.0
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO"]


def test_a_switch_is_looked_at_without_waiting(shop: Shop) -> None:
    generations, canary = a_canary(shop, Clock())
    with counting("passed") as looks:
        canary.refresh()
        shop.promote("g-2")
        generations.refresh()
        canary.refresh()
        assert looks() == 2


def test_a_broken_index_is_told_of_with_what_to_do(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    _, canary = a_canary(shop, Clock())
    spoil(shop, "g-1")
    with counting("refused") as looks:
        canary.refresh()
        assert looks() == 1
    assert CANARY_RECALL._value.get() == pytest.approx(0.8, abs=0.1)
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "`multigrain generations rollback`" in record.message
    assert shop.registry.live() == shop.registry.get(GenerationId("g-1"))


def test_where_it_is_wanted_a_broken_index_is_rolled_back_from(shop: Shop) -> None:
    shop.promote("g-2")
    _, canary = a_canary(shop, Clock(), rollback=True)
    spoil(shop, "g-2")
    canary.refresh()
    live = shop.registry.live()
    assert live is not None
    assert live.generation_id == "g-1"
    assert "the canary of a server refused" in live.note
    assert shop.registry.get(GenerationId("g-2")).state is GenerationState.RETIRED


def test_of_two_servers_that_notice_only_one_rolls_back(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    shop.publish("g-3", seed=8)
    for name in ("g-2", "g-3"):
        shop.promote(name)
    (_, one), (_, other) = (a_canary(shop, Clock(), rollback=True) for _ in range(2))
    spoil(shop, "g-3")
    with caplog.at_level(logging.INFO, "server.generations.canary"):
        one.refresh()
        other.refresh()
    live = shop.registry.live()
    assert live is not None
    assert live.generation_id == "g-2"
    assert caplog.records[-1].message == "another generation is live already, so nothing is rolled back"


def test_with_nothing_before_it_a_broken_index_stays_live_and_is_told_of(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    _, canary = a_canary(shop, Clock(), rollback=True)
    spoil(shop, "g-1")
    canary.refresh()
    assert "promote another generation" in caplog.records[-1].message
    assert shop.registry.live() == shop.registry.get(GenerationId("g-1"))


def test_a_look_that_fails_says_nothing_of_the_index(shop: Shop) -> None:
    _, canary = a_canary(shop, Clock(), rollback=True)
    shop.indexes.open("g_1").drop()
    with counting("failed") as looks:
        canary.refresh()
        assert looks() == 1
    assert shop.registry.live() == shop.registry.get(GenerationId("g-1"))


def test_before_the_first_generation_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    engine = database.open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    database.upgrade(engine)
    _, canary = a_canary(Shop(engine), Clock())
    canary.refresh()


def test_a_server_rolls_back_by_itself_and_answers_from_the_one_before(shop: Shop) -> None:
    spoil(shop, "g-2")
    wanted = {**SETTINGS, "rollback_on_canary": True}
    with serving(shop, tried_with=ask_them, generation_settings=wanted) as (_, client):
        shop.promote("g-2")
        eventually(lambda: shop.registry.get(GenerationId("g-2")).state, lambda state: state is GenerationState.RETIRED)
        eventually(lambda: client.status().generation_id, lambda live: live == "g-1")
        assert client.retrieve("red dress", limit=5).generation_id == "g-1"


def test_a_server_without_minutes_looks_never(shop: Shop) -> None:
    with counting("passed") as looks, serving(shop, tried_with=ask_them, canary_minutes=0) as (_, client):
        client.retrieve("red dress", limit=5)
        assert looks() == 0


def test_searches_of_users_are_asked_beside_the_golden_ones(shop: Shop, tmp_path: Path) -> None:
    nothing: Float32s = np.zeros((0, 32), np.float32)
    golden.save(Golden(queries=QUERIES[:1], query_vectors=nothing, items=(), item_vectors=nothing), tmp_path)
    rng = np.random.default_rng(0)
    assert [text for text, _ in canary_queries(tmp_path, shop.engine, rng)] == ["red summer dress"]
    shop.features.record([], [a_user_query(f"query {n}", user_id=f"user-{n}") for n in range(30)])
    texts = [text for text, _ in canary_queries(tmp_path, shop.engine, rng)]
    assert texts[0] == "red summer dress"
    assert sorted(texts[1:]) == sorted(f"query {n}" for n in range(30))
    firsts = {searched_texts(shop.engine, np.random.default_rng(seed))[0] for seed in range(20)}
    assert len(firsts) > 3
