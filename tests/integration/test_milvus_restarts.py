"""Milvus is killed under load and comes back: answers get smaller, and whole again without a restart of ours."""

import time
from pathlib import Path

import pytest

from multigrain import database
from multigrain.index import specs
from multigrain.index.milvus import MilvusStore
from tests.flow.serving import Shop, a_catalogue, serving
from tests.flow.steady_load import Asked, steady_load
from tests.flow.test_rollout import mixed_answers
from tests.services.service import Service

pytestmark = pytest.mark.slow

QUERIES = ("red summer dress", "nike running shoes", "black", "dress 12", "adidas")
PER_SECOND = 30
WELL_SECONDS, DOWN_SECONDS = 3.0, 5.0
RECOVERED_WITHIN_SECONDS = 30.0


@pytest.fixture
def shop(tmp_path: Path, own_milvus: Service) -> Shop:
    engine = database.open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    database.upgrade(engine)
    made = Shop(engine, MilvusStore(own_milvus.address))
    made.stock(a_catalogue(300))
    made.publish(spec=specs.Hnsw())
    made.promote()
    return made


def is_whole(asked: Asked) -> bool:
    return not asked.error and not asked.degraded and len(asked.item_ids) > 0


def test_a_killed_milvus_costs_the_vector_channel_until_it_is_back(
    shop: Shop, own_milvus: Service, tmp_path: Path
) -> None:
    both = {"vector": 0, "lexical": 0}
    with (
        serving(shop) as (server, _),
        steady_load(server.address, QUERIES, tmp_path, per_second=PER_SECOND, channels=both) as load,
    ):
        time.sleep(WELL_SECONDS)
        own_milvus.kill()
        killed = time.monotonic()
        time.sleep(DOWN_SECONDS)
        own_milvus.restart()
        back = time.monotonic()
        time.sleep(RECOVERED_WITHIN_SECONDS)
    down = load.between(killed, killed + DOWN_SECONDS)
    last_trouble = max(one.due for one in load.asked if not is_whole(one))
    print(
        f"whole again {last_trouble - back:.1f} s after Milvus was; {len(down)} calls while it was down, of which "
        f"{sum(not one.error for one in down)} were answered by words alone"
    )
    assert [one for one in load.asked if one.due < killed - 1 and not is_whole(one)] == []
    # While it is down: fewer items, said to be so, or a plain UNAVAILABLE; never a broken answer.
    assert not any(is_whole(one) for one in down if one.due > killed + 1)
    assert {one.error.split(":")[0] for one in load.asked if one.error} <= {"Unavailable"}
    assert {reason for one in load.asked for reason in one.degraded} <= {"channel_failed", "channel_late"}
    assert all(one.rows for one in load.asked if not one.error)
    answered = [one for one in load.asked if is_whole(one)]
    assert mixed_answers(shop, answered) == []
    assert last_trouble < back + RECOVERED_WITHIN_SECONDS - 5
    assert len([one for one in answered if one.due > last_trouble]) > 4 * PER_SECOND
