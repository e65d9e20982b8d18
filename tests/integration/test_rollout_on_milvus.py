"""The rollout again with everything real: towers in TensorFlow, indexes on a Milvus server, the server a process.

Whether a call fails or mixes is asked always. How long calls take is asked where the machine is the test's alone
(MULTIGRAIN_TEST_ALONE=1): beside other tests the wait is for them.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from multigrain import database
from multigrain.client import Client
from multigrain.encoder import load_encoder
from multigrain.index import specs
from multigrain.index.milvus import MilvusStore
from tests.flow.serving import Shop
from tests.flow.steady_load import steady_load
from tests.flow.test_rollout import mixed_answers, promoting, roll_out, show_p99s
from tests.integration.programs import run, running
from tests.services.ports import claim
from tests.small_bundle import make_small_bundle, shop_items
from tests.small_training import small_logs

pytestmark = pytest.mark.slow

PER_SECOND = 52
"""More would come near to what one Python process on a machine of two cores can answer at all: calls then queue for
reasons of their own, and a switch is lost among them.
"""
ALONE = os.environ.get("MULTIGRAIN_TEST_ALONE") == "1"
QUIET_SECONDS, AFTER_SECONDS = (4.0, 2.0) if ALONE else (1.0, 1.0)
DIMS = {"g-1": 16, "g-2": 32, "g-3": 24}
TRIES = 3 if ALONE else 1
"""At p99 <= 2x: on a machine that others use, too, one run may meet their busy moment."""


@pytest.fixture
def settings(tmp_path: Path, milvus_uri: str) -> Iterator[dict[str, str]]:
    """What the server's process is told."""
    claimed = claim(1)
    yield {
        "MULTIGRAIN_DATA_DIR": str(tmp_path / "data"),
        "MULTIGRAIN_MILVUS_URI": milvus_uri,
        "MULTIGRAIN_SERVER_PORT": str(claimed.ports[0]),
        "MULTIGRAIN_SERVER_REGISTRY_POLL_MS": "100",
        # Seconds less for each generation; what is asked here needs no quick towers.
        "MULTIGRAIN_SERVER_COMPILE_QUERIES": "false",
    }
    claimed.release()


@pytest.fixture
def shop(tmp_path: Path, settings: dict[str, str], milvus_prefix: str) -> Iterator[Shop]:
    """Three generations with towers of their own, 'g-1' live."""
    run(["db", "upgrade"], settings, tmp_path)
    engine = database.open_database(f"sqlite:///{tmp_path / 'data' / 'multigrain.db'}")
    store = MilvusStore(settings["MULTIGRAIN_MILVUS_URI"])
    made, logs = Shop(engine, store, prefix=milvus_prefix), small_logs()
    made.stock(shop_items(logs))
    for name, dims in DIMS.items():
        bundle = make_small_bundle(tmp_path / "bundles" / name, logs, dims=dims)
        encoder = load_encoder(bundle)
        made.publish_of(encoder, name, spec=specs.Hnsw(), folder=str(bundle.path))
    made.promote("g-1")
    yield made
    store.close()
    engine.dispose()


def test_a_rollout_of_real_towers_under_a_steady_load(shop: Shop, settings: dict[str, str], tmp_path: Path) -> None:
    queries = small_logs().searches["query"].to_pylist()[:20]
    address = f"127.0.0.1:{settings['MULTIGRAIN_SERVER_PORT']}"
    steps: list[Callable[[], str]] = [promoting(shop, name) for name in ("g-2", "g-3")]
    steps.append(lambda: shop.registry.rollback().generation_id)
    ratios = []
    with running(["serve"], settings, tmp_path), Client(address) as client:
        client.wait_until_serving(60)
        for _ in range(TRIES):
            with steady_load(address, queries, tmp_path, per_second=PER_SECOND) as load:
                time.sleep(2)  # for the load's own process to settle
                switches = roll_out(client, steps, quiet_seconds=QUIET_SECONDS, after_seconds=AFTER_SECONDS)
            assert load.per_second >= 50
            assert [one.error for one in load.asked if one.error] == []
            assert [one.degraded for one in load.asked if one.degraded] == []
            assert {one.generation for one in load.asked} >= {"g-2", "g-3"}
            assert mixed_answers(shop, load.asked) == []
            quiet_ms, switching_ms = show_p99s(load, switches)
            ratios.append(switching_ms / quiet_ms)
            if ratios[-1] <= 2:
                break
    assert min(ratios) <= 2 or not ALONE, ratios
