"""The scene of `bench serve`: its shop, its users, its crowd, and what a soak makes of its columns."""

import numpy as np
import pytest

from benchmarks.serving.alike import EACH, neighbours
from benchmarks.serving.arrivals import evenly
from benchmarks.serving.crowd import crowd
from benchmarks.serving.outcomes import Outcomes
from benchmarks.serving.shop import Shop, edition_vectors
from benchmarks.serving.shoppers import shopper
from benchmarks.serving.soaking import Memory, Soaked, drift, medians_of_memory, p99_by_part
from multigrain.features.windows import WindowConfig, split
from multigrain.v1 import retrieval_pb2 as pb
from tests.builders import NOON_MS, an_item

SHOP = Shop(
    models=tuple(an_item(number, category_path=("sports", f"leaf-{number % 2}")) for number in range(1, 11)),
    texts=("shoes", "red dress", "lamp"),
)


def test_each_edition_is_an_item_of_its_own() -> None:
    items = [SHOP.item(number) for number in range(35)]

    assert len({item.item_id for item in items}) == 35
    assert [item.item_id for item in items[:10]] == [model.item_id for model in SHOP.models]
    assert items[12].brand == SHOP.models[2].brand
    assert all(item.item_id == SHOP.item_id(number) for number, item in enumerate(items))


def test_vectors_of_items_do_not_hang_on_how_many_are_asked_for() -> None:
    models = np.eye(10, 16, dtype=np.float32)

    assert np.array_equal(edition_vectors(models, 20, 5), edition_vectors(models, 20, 5))
    assert np.linalg.norm(edition_vectors(models, 20, 5), axis=1) == pytest.approx([1] * 5)
    assert np.argmax(edition_vectors(models, 20, 5), axis=1).tolist() == [0, 1, 2, 3, 4]


def test_neighbours_are_items_of_the_same_leaf() -> None:
    table = neighbours(SHOP, 35)
    _, others, alike = table.around(table.rows_of([SHOP.item_id(23)]))

    assert len(others) == EACH
    assert (np.diff(alike) <= 0).all()
    leaf_of = {SHOP.item(number).item_id: SHOP.item(number).leaf_category for number in range(35)}
    assert {leaf_of[item_id] for item_id in table.ids_of(others.astype(np.int64))} <= {SHOP.item(23).leaf_category}


def test_a_shopper_s_history_fills_every_window_and_still_does_half_an_hour_later() -> None:
    windows = WindowConfig()
    state = shopper(SHOP, 7, 35, windows, NOON_MS)
    for now_ms in (NOON_MS, NOON_MS + 30 * 60_000):
        found = split(state, now_ms, windows)
        assert [len(part) for part in found.parts] == [50, 100, 100, 100, 100]
        assert len(found.queries) == 10


def test_few_users_ask_most_of_what_is_asked() -> None:
    asked = crowd(SHOP.texts, 1_000, 50, 5_000, seed=3)

    of_user = np.unique([one.user_id for one in asked], return_counts=True)[1]
    assert np.sort(of_user)[-100:].sum() > 0.5 * len(asked)
    message = pb.RetrieveRequest.FromString(asked[0].message)
    assert (message.query, message.user_id, message.limit) == (asked[0].text, asked[0].user_id, 50)
    assert [one.message for one in crowd(SHOP.texts, 1_000, 50, 5_000, seed=3)] == [one.message for one in asked]


def test_drift_holds_the_last_quarter_against_the_first() -> None:
    assert drift([100, 102, 150, 150, 150, 150, 110, 112]) == pytest.approx(100 * (111 - 101) / 101)
    assert drift([200, 100]) == pytest.approx(-50)


def test_a_soak_is_looked_at_in_parts() -> None:
    due = evenly(10, 4.0)
    slow = np.where(due >= 3, 0.2, 0.1)  # seconds an answer took
    outcomes = Outcomes(due=due, sent=due, done=due + slow, errors=("",) * 40)
    soaked = Soaked(rate=10, seconds=4, outcomes=outcomes, memory=Memory(due, 100 + due // 1))

    assert p99_by_part(soaked, 4) == pytest.approx([100, 100, 100, 200])
    assert medians_of_memory(soaked, 4) == [100, 101, 102, 103]
