"""Switching the live generation while requests run."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from multigrain.answers import Answer
from multigrain.client import Client
from multigrain.errors import BundleRefused, MultigrainError
from multigrain.features.windows import Windows
from multigrain.registry.generation import Generation
from multigrain.telemetry import GENERATION_SWITCHES
from server.generations.live import LiveGeneration
from tests.flow.serving import Shop, eventually, open_shop, serving

QUERIES = ("red summer dress", "nike running shoes", "black", "dress 12")
LIMIT = 20


@dataclass
class Load:
    """Callers that never stop asking; what they were answered, and what went wrong."""

    address: str
    answers: list[tuple[str, Answer]] = field(default_factory=list)
    errors: list[MultigrainError] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with Client(self.address, timeout_seconds=10) as client:
            while not self.stopped.is_set():
                for query in QUERIES:
                    try:
                        answer = client.retrieve(query, limit=LIMIT, mode="off", channels={"vector": 0}, debug=True)
                    except MultigrainError as error:
                        self.errors.append(error)
                    else:
                        self.answers.append((query, answer))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = open_shop(tmp_path)
    # Other vectors in another number of dimensions: a query tower of one on the index of the other cannot pass unseen.
    made.publish("g-2", seed=7, dims=48)
    return made


def is_wholly_of_its_generation(shop: Shop, query: str, answer: Answer) -> bool:
    """Whether the vector channel's items and scores are what that generation's own encoder and index give."""
    name = answer.generation_id
    encoder, index = shop.encoders[f"b-{name}"], shop.indexes.open(name.replace("-", "_"))
    found = index.search(encoder.encode_queries([(query, Windows())]), LIMIT, timeout_seconds=5)
    report = answer.reports[0]
    same_items = report.item_ids == tuple(f"sku-{number}" for number in found.item_nos[0])
    return same_items and bool(np.allclose(report.scores, found.scores[0], atol=1e-6))


def test_switches_under_load_fail_no_request_and_mix_no_answer(shop: Shop) -> None:
    with serving(shop) as (server, client):
        load = Load(server.address)
        threads = [threading.Thread(target=load.run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for name in ("g-2", "g-1", "g-2", "g-1", "g-2"):
            shop.promote(name)
            eventually(lambda: client.status().generation_id, lambda live, name=name: live == name)
            asked = len(load.answers)
            eventually(lambda: len(load.answers), lambda count, asked=asked: count > asked + 8)
        load.stopped.set()
        for thread in threads:
            thread.join()
    assert load.errors == []
    assert {answer.generation_id for _, answer in load.answers} == {"g-1", "g-2"}
    mixed = [
        answer.request_id for query, answer in load.answers if not is_wholly_of_its_generation(shop, query, answer)
    ]
    assert mixed == []


def test_a_mixed_answer_would_be_noticed(shop: Shop) -> None:
    with serving(shop) as (_, client):
        answer = client.retrieve(QUERIES[0], limit=LIMIT, mode="off", channels={"vector": 0}, debug=True)
    assert is_wholly_of_its_generation(shop, QUERIES[0], answer)
    assert not is_wholly_of_its_generation(shop, QUERIES[1], answer)


def test_a_generation_that_cannot_be_loaded_leaves_the_one_before(shop: Shop) -> None:
    def load(generation: Generation) -> LiveGeneration:
        if generation.generation_id == "g-2":
            raise BundleRefused("bundles/b-g-2: golden query 3 is 0.2 off: this machine would give other vectors")
        return shop.load(generation)

    failed = GENERATION_SWITCHES.labels("failed")
    before = failed._value.get()
    with serving(shop, load=load) as (_, client):
        shop.promote("g-2")
        eventually(failed._value.get, lambda count: count == before + 1)
        assert client.retrieve("red dress", limit=5).generation_id == "g-1"


def test_a_rollback_reaches_the_server_as_a_promotion_does(shop: Shop) -> None:
    with serving(shop) as (_, client):
        shop.promote("g-2")
        eventually(lambda: client.retrieve("red dress", limit=5).generation_id, lambda live: live == "g-2")
        shop.registry.rollback()
        eventually(lambda: client.retrieve("red dress", limit=5).generation_id, lambda live: live == "g-1")
