"""A Milvus server goes away and comes back: what an index that was opened before answers meanwhile, and afterwards."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

from multigrain.errors import IndexUnavailable
from multigrain.index.item_index import ItemIndex
from multigrain.index.milvus import MilvusStore
from multigrain.index.specs import Flat
from tests.contract.test_item_index import DIMS, axis, ints, rows, search
from tests.services.service import Service

Answer = TypeVar("Answer")
DEADLINE = 3.0
BACK_SECONDS = 60.0
"""A restarted server first has to be rid of its former self, then to load what it had loaded."""


@pytest.mark.slow
def test_an_index_answers_again_after_its_server_was_killed(own_milvus: Service, milvus_prefix: str) -> None:
    # A server that has only just started takes its time for the first collection.
    MilvusStore(own_milvus.address).create(f"{milvus_prefix}1", dims=DIMS, spec=Flat())
    index = MilvusStore(own_milvus.address, timeout_seconds=DEADLINE).open(f"{milvus_prefix}1")
    answer_within(BACK_SECONDS, lambda: index.upsert(rows([1, 2, 3])))

    own_milvus.kill()
    for call in calls(index):
        assert seconds_until_unavailable(call) < DEADLINE + 1

    own_milvus.restart()
    assert answer_within(BACK_SECONDS, lambda: search(index)) == [3, 2, 1]
    assert answer_within(BACK_SECONDS, lambda: index.upsert(rows([3, 4], revisions=[0, 1]))) == 1
    assert index.count() == 4
    assert sorted(index.rows_of(ints(1, 2, 3, 4)).item_nos.tolist()) == [1, 2, 3, 4]


def calls(index: ItemIndex) -> tuple[Callable[[], object], ...]:
    return (
        lambda: index.search(axis(0)[None], 3, timeout_seconds=DEADLINE),
        lambda: index.upsert(rows([4])),
        lambda: index.fill(rows([5])),
        lambda: index.delete(ints(1)),
        lambda: index.rows_of(ints(1)),
        lambda: list(index.scan(10)),
        index.count,
        index.finish,
        index.load,
        index.release,
        index.drop,
    )


def seconds_until_unavailable(call: Callable[[], object]) -> float:
    started = time.monotonic()
    with pytest.raises(IndexUnavailable):
        call()
    return time.monotonic() - started


def answer_within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """What it answers, once it does. Only that it is unavailable is forgiven meanwhile."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except IndexUnavailable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
