"""A builder is killed at each step: nothing that it leaves can be promoted, and the next one starts clean."""

import subprocess
import sys
from pathlib import Path

import pytest

from multigrain import database
from multigrain.errors import WrongState
from multigrain.index.milvus import MilvusStore
from multigrain.registry.generation import GenerationState
from multigrain.registry.steps import LEASE_MS
from multigrain.registry.tidy import collection_of, tidy
from multigrain.types import GenerationId
from tests.flow.test_hand_over import Shop, assert_index_is_the_catalogue


@pytest.mark.parametrize("step", ["filled", "before the hold"])
def test_what_a_killed_build_leaves_cannot_go_live_and_is_cleared_away(
    tmp_path: Path, milvus_uri: str, milvus_prefix: str, step: str
) -> None:
    address = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = database.open_database(address)
    database.upgrade(engine)
    shop, name = Shop(engine, MilvusStore(milvus_uri, strong=True)), GenerationId(f"{milvus_prefix}1")
    _kill_at(step, address, milvus_uri, name)

    assert shop.registry.get(name).state is GenerationState.BUILDING
    with pytest.raises(WrongState, match="is building and cannot become live"):
        shop.registry.promote(name, override="whatever it takes")
    assert tidy(shop.registry, shop.catalogue, shop.indexes, keep_retired=2, rested_ms=0).abandoned == ()

    shop.now_ms += 2 * LEASE_MS
    tidied = tidy(shop.registry, shop.catalogue, shop.indexes, keep_retired=2, rested_ms=0)
    assert tidied.abandoned == (name,)
    assert collection_of(name) not in shop.indexes.names()
    with pytest.raises(WrongState, match="is failed and cannot become live"):
        shop.registry.promote(name, override="whatever it takes")

    shop.change()
    shop.stream()
    again = f"{milvus_prefix}2"
    assert shop.build(again).state is GenerationState.READY
    assert_index_is_the_catalogue(shop, again)
    shop.index(again).drop()
    engine.dispose()


def _kill_at(step: str, address: str, milvus: str, name: str) -> None:
    command = [sys.executable, "-m", "tests.integration.a_build", step, address, milvus, name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline().strip() == step
        builder.kill()
