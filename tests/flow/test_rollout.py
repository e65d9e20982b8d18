"""Three promotions and a rollback while callers ask at a fixed rate: none fails, none mixes, none waits long."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from multigrain.client import Client
from multigrain.features.windows import Windows
from multigrain.types import Float32s, GenerationId
from tests.flow.serving import Shop, open_shop, serving
from tests.flow.steady_load import LIMIT, Asked, SteadyLoad, p99_ms, steady_load

QUERIES = ("red summer dress", "nike running shoes", "black", "dress 12", "adidas", "summer 30")
PER_SECOND = 60
LOOK_SECONDS, SERVED_WITHIN_SECONDS = 0.2, 60.0


@dataclass(frozen=True, slots=True)
class Switch:
    """When it was quiet before a switch, when that began, and when its last effects were over."""

    quiet_from: float
    began: float
    over: float


def roll_out(
    client: Client, promotions: Sequence[Callable[[], str]], *, quiet_seconds: float, after_seconds: float
) -> list[Switch]:
    """Carries them out one after the other, each when the one before is served and over.

    A quiet time before each, so that other work of the machine, which comes and goes, meets both kinds of time.
    """
    switches = []
    for promote in promotions:
        quiet_from = time.monotonic()
        time.sleep(quiet_seconds)
        began, name = time.monotonic(), promote()
        # Seldom, and no status: that one counts the index, which would be a load of its own.
        while client.retrieve(QUERIES[0], limit=1).generation_id != name:
            assert time.monotonic() < began + SERVED_WITHIN_SECONDS
            time.sleep(LOOK_SECONDS)
        time.sleep(after_seconds)
        switches.append(Switch(quiet_from, began, time.monotonic()))
    return switches


def mixed_answers(shop: Shop, asked: Sequence[Asked]) -> list[Asked]:
    """Those whose items and scores are not what their generation's own encoder and index give."""

    @cache
    def expected(name: str, query: str) -> tuple[list[str], Float32s]:
        generation = shop.registry.get(GenerationId(name))
        vector = shop.encoders[generation.bundle_id].encode_queries([(query, Windows())])
        found = shop.indexes.open(generation.collection).search(vector, LIMIT, timeout_seconds=5)
        columns = shop.catalogue.sample(found.item_nos[0].tolist())
        id_of = {row.item_no: str(row.item.item_id) for row in columns}
        return [id_of[int(item_no)] for item_no in found.item_nos[0]], found.scores[0]

    mixed = []
    for one in asked:
        item_ids, scores = expected(one.generation, one.query)
        if list(one.item_ids) != item_ids or not np.allclose(one.scores, scores, atol=1e-5):
            mixed.append(one)
    return mixed


def show_p99s(load: SteadyLoad, switches: Sequence[Switch]) -> tuple[float, float]:
    """The p99 of the quiet times before switches, and of the switches."""
    quiet = [one for switch in switches for one in load.between(switch.quiet_from, switch.began)]
    switching = [one for switch in switches for one in load.between(switch.began, switch.over)]
    quiet_ms, switching_ms = p99_ms(quiet), p99_ms(switching)
    print(
        f"{load.per_second:.1f} calls a second; p99 {quiet_ms:.1f} ms over {len(quiet)} calls before switches, "
        f"{switching_ms:.1f} ms over {len(switching)} during {len(switches)} switches"
    )
    return quiet_ms, switching_ms


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = open_shop(tmp_path, items=300)
    # Other vectors in other numbers of dimensions: an encoder of one on the index of another cannot pass unseen.
    made.publish("g-2", seed=7, dims=48)
    made.publish("g-3", seed=8, dims=24)
    made.publish("g-4", seed=9, dims=64)
    return made


def promoting(shop: Shop, name: str) -> Callable[[], str]:
    def promote() -> str:
        shop.promote(name)
        return name

    return promote


@pytest.mark.slow
def test_a_rollout_under_a_steady_load_fails_no_call_and_mixes_no_answer(shop: Shop, tmp_path: Path) -> None:
    steps = [promoting(shop, name) for name in ("g-2", "g-3", "g-4")]
    steps.append(lambda: shop.registry.rollback().generation_id)
    with (
        serving(shop) as (server, client),
        steady_load(server.address, QUERIES, tmp_path, per_second=PER_SECOND) as load,
    ):
        switches = roll_out(client, steps, quiet_seconds=1.0, after_seconds=1.0)
    show_p99s(load, switches)
    assert load.per_second >= 50
    assert [one.error for one in load.asked if one.error] == []
    assert [one.degraded for one in load.asked if one.degraded] == []
    in_order = list(dict.fromkeys(one.generation for one in load.asked))
    assert in_order == ["g-1", "g-2", "g-3", "g-4"]
    assert load.asked[-1].generation == "g-3"
    assert mixed_answers(shop, load.asked) == []


def test_a_mixed_answer_would_be_noticed(shop: Shop) -> None:
    with serving(shop) as (_, client):
        report = client.retrieve(QUERIES[0], limit=LIMIT, mode="off", channels={"vector": 0}, debug=True).reports[0]
    answered = Asked(
        query=QUERIES[0], due=0, seconds=0, generation="g-1", item_ids=report.item_ids, scores=report.scores.tolist()
    )
    others = [replace(answered, generation="g-2"), replace(answered, query=QUERIES[1])]
    assert mixed_answers(shop, [answered, *others]) == others
