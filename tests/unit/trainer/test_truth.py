"""The truth of a simulation: grades follow the words of a query, utilities follow the taste of a user."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from multigrain.errors import NotFound
from trainer.data.logs import Logs, items_of, read_logs
from trainer.data.market.marketplace import Plan
from trainer.data.market.words import SMALL_LEAVES
from trainer.data.market.write import write_marketplace
from trainer.evaluation.clicks import clicks_of
from trainer.evaluation.truth import EXACT, IRRELEVANT, RELATED, SUBSTITUTE, Truth

LEAVES = {leaf.name.en for leaf in SMALL_LEAVES}
PLAN = Plan(items=3000, users=200, days=3, seed=4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("market")
    write_marketplace(root, PLAN, lambda done, total: None)
    return root


@pytest.fixture(scope="module")
def truth(folder: Path) -> Truth:
    return Truth.open(folder / "truth")


@pytest.fixture(scope="module")
def logs(folder: Path) -> Logs:
    return read_logs(folder)


def grades(truth: Truth, logs: Logs, query: str) -> dict[str, int]:
    """item_id -> grade, of the whole catalogue."""
    ids = logs.catalog["item_id"].combine_chunks()
    found = truth.grades(pa.array([query] * len(ids)), ids)
    return dict(zip(ids.to_pylist(), found.tolist(), strict=True))


def test_a_category_query_is_met_by_its_category_and_nearly_by_the_shelf_beside(truth: Truth, logs: Logs) -> None:
    found = grades(truth, logs, "running shoes")
    for item in items_of(logs):
        right = item.leaf_category == "running shoes"
        beside = "shoes" in item.category_path
        assert found[item.item_id] == (EXACT if right else RELATED if beside else IRRELEVANT)


def test_one_name_in_two_places_means_both(truth: Truth, logs: Logs) -> None:
    found = grades(truth, logs, "boots")
    exact = {item.top_category for item in items_of(logs) if found[item.item_id] == EXACT}
    assert exact == {"women", "men"}


def test_a_brand_that_was_asked_for_cannot_be_replaced_by_another(truth: Truth, logs: Logs) -> None:
    asked = logs.searches["query"].to_pylist()
    brands = {"nike", "adidas", "puma", "asics"}
    query = next(q for q in asked if q.split(" ")[0] in brands and q.split(" ", 1)[1] in LEAVES)
    brand, leaf = query.split(" ", 1)
    found = grades(truth, logs, query)
    for item in items_of(logs):
        if item.leaf_category == leaf:
            assert found[item.item_id] == (EXACT if item.brand == brand else RELATED)


def test_another_colour_is_a_substitute(truth: Truth, logs: Logs) -> None:
    query = next(q for q in logs.searches["query"].to_pylist() if q.startswith("red "))
    found = grades(truth, logs, query)
    leaf = query.removeprefix("red ")
    for item in items_of(logs):
        if item.leaf_category == leaf:
            assert found[item.item_id] == (EXACT if item.attributes["colour"] == "red" else SUBSTITUTE)


def test_what_is_clicked_is_liked_more_than_what_is_shown(truth: Truth, logs: Logs) -> None:
    clicks = clicks_of(logs, without=truth.robots().combine_chunks())
    events = logs.events.filter(pa.array([row is not None for row in logs.events["search_id"].to_pylist()]))
    clicked = truth.utilities(events["user_id"].combine_chunks(), events["item_id"].combine_chunks())
    rng = np.random.default_rng(0)
    anything = logs.catalog["item_id"].combine_chunks().take(pa.array(rng.integers(PLAN.items, size=len(events))))
    assert clicked.mean() > truth.utilities(events["user_id"].combine_chunks(), anything).mean() + 1
    assert len(clicks.user)


def test_todays_intent_adds_to_the_lasting_taste(truth: Truth, logs: Logs) -> None:
    events = logs.events.filter(pa.array([row is not None for row in logs.events["search_id"].to_pylist()]))
    users, items = events["user_id"].combine_chunks(), events["item_id"].combine_chunks()
    lasting, today = truth.utilities(users, items), truth.utilities(users, items, events["at_ms"].to_numpy())
    assert (today >= lasting).all()
    assert (today > lasting).mean() > 0.2


def test_what_the_simulation_does_not_know_is_refused_by_name(truth: Truth) -> None:
    with pytest.raises(NotFound, match="no query 'flying carpet'"):
        truth.grades(pa.array(["flying carpet"]), pa.array(["sku-000001"]))
    with pytest.raises(NotFound, match="no user 'nobody'"):
        truth.utilities(pa.array(["nobody"]), pa.array(["sku-000001"]))


def test_real_logs_have_no_truth(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="only simulated logs have one"):
        Truth.open(tmp_path / "truth")
