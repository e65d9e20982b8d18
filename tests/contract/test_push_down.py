"""What an index checks before the policy and what the policy checks by itself come to the same answer."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from multigrain.catalog.columns import CatalogueColumns
from multigrain.index.exact import ExactIndex
from multigrain.index.item_index import ABSENT, HardFilter, IndexRows, IndexStore, ItemIndex
from multigrain.index.specs import Flat
from multigrain.types import Int64s, Item, ItemStatus
from server.relevance.policy import judge
from server.relevance.push_down import push_down
from server.relevance.rule import Case
from server.request import ChannelName, Filters, RelevanceMode
from server.result import Candidates, Hits
from server.understanding.intent import Intent
from tests.builders import an_item
from tests.contract.stores import INDEX_STORES
from tests.unit.server.cases import (
    BRANDS,
    PATHS,
    SHOPS,
    WORDS,
    case_on,
    random_filters,
    random_intents,
    random_items,
)
from tests.unit.server.shelf import columns_of

DIMS = 4
SOON = 60.0
ITEMS = 200
MODES = (RelevanceMode.FILL, RelevanceMode.STRICT)
"""Only where every demand drops what misses it can an index leave it out."""
SERVER = pytest.param("milvus-server", marks=pytest.mark.slow)


@dataclass(frozen=True)
class Filled:
    """An index that holds exactly what the columns hold."""

    index: ItemIndex
    columns: CatalogueColumns
    items: list[Item]


def _fill(index: ItemIndex, items: list[Item]) -> Filled:
    rng = np.random.default_rng(3)
    if items:
        index.upsert(
            IndexRows(
                item_nos=np.arange(1, len(items) + 1),
                vectors=rng.normal(size=(len(items), DIMS)).astype(np.float32),
                revisions=np.ones(len(items), np.int64),
                brands=[item.brand for item in items],
                categories=["/".join(item.category_path) for item in items],
                shops=[item.shop for item in items],
                statuses=[int(item.status) for item in items],
                titles=[item.title for item in items],
            )
        )
    return Filled(index, columns_of(*items), items)


def _searched(filled: Filled, only: HardFilter | None) -> Candidates:
    """Everything that the index finds so, however far away."""
    depth = max(len(filled.items), 1)
    found = filled.index.search(np.ones((1, DIMS), np.float32), depth, only=only, timeout_seconds=SOON)
    there = found.item_nos[0] != ABSENT
    hits = Hits(found.item_nos[0][there], found.scores[0][there])
    return Candidates(
        item_nos=hits.item_nos,
        scores=hits.scores,
        channels=np.full(len(hits), 1 << ChannelName.VECTOR, np.uint32),
        ranks=np.arange(1, len(hits) + 1, dtype=np.int32)[None],
        found=((ChannelName.VECTOR, hits),),
    )


def _kept(case: Case, candidates: Candidates, mode: RelevanceMode) -> Int64s:
    return judge(case, candidates, mode).kept.item_nos


def _agree(filled: Filled, wants: Intent, filters: Filters, mode: RelevanceMode) -> None:
    case = case_on(filled.columns, filled.items, wants, filters)
    pushed = _kept(case, _searched(filled, push_down(case)), mode)
    assert sorted(pushed.tolist()) == sorted(_kept(case, _searched(filled, None), mode).tolist())


@given(random_items, random_intents, random_filters, st.sampled_from(MODES))
@settings(max_examples=200, deadline=None)
def test_of_any_catalogue_pushed_down_and_judged_is_what_judged_is(
    items: list[Item], wants: Intent, filters: Filters, mode: RelevanceMode
) -> None:
    _agree(_fill(ExactIndex("random", dims=DIMS), items), wants, filters, mode)


@pytest.fixture
def filled(store: IndexStore, milvus_prefix: str) -> Iterator[Filled]:
    """Two hundred items of every kind in one index: to fill one for each example would take minutes."""
    rng = random.Random(5)
    items = [
        an_item(
            number,
            title=" ".join(rng.choices([*WORDS[:3], "shoes"], k=2)),
            brand=rng.choice(BRANDS),
            category_path=rng.choice(PATHS),
            shop=rng.choice(SHOPS),
            price=rng.choice([0.0, 9.5, 10.0, 99.0]),
            stock=rng.randint(0, 2),
            status=rng.choice([ItemStatus.ACTIVE, ItemStatus.ACTIVE, ItemStatus.INACTIVE]),
            attributes={"colour": rng.choice(["red", "blue", "green"])} if rng.random() < 0.7 else {},
        )
        for number in range(1, ITEMS + 1)
    ]
    index = store.create(f"{milvus_prefix}7", dims=DIMS, spec=Flat())
    yield _fill(index, items)
    index.drop()


@pytest.mark.parametrize("store", [*(kind for kind in INDEX_STORES if kind != "milvus-server"), SERVER], indirect=True)
@given(wants=random_intents, filters=random_filters, mode=st.sampled_from(MODES))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_in_every_index_pushed_down_and_judged_is_what_judged_is(
    filled: Filled, wants: Intent, filters: Filters, mode: RelevanceMode
) -> None:
    _agree(filled, wants, filters, mode)
