"""The neighbours of what a user did lately, against a table of dicts; and what is read of their history."""

import asyncio
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.catalog.columns import CatalogueColumns
from multigrain.catalog.columns_writer import ColumnsWriter
from multigrain.catalog.item_page import pages_since
from multigrain.catalog.memory import PrivateMemory
from multigrain.features.windows import DAY_MS, WindowConfig, Windows, split
from multigrain.index import specs
from multigrain.types import Action, Behavior, BehaviorColumns, ItemId, UserId, UserState
from server.channels.channel import Question
from server.channels.neighbours import NeighboursChannel, recent_items
from server.generations.live import LiveGeneration
from server.generations.loading import bring_up
from server.generations.neighbourhood import Neighbourhood
from server.result import Hits
from server.understanding.tagger import Tagger
from tests.builders import MINUTE_MS, NOON_MS, WordEncoder, a_behavior, an_item, an_upsert
from tests.unit.server.test_live import DIMS, Loads, a_generation
from tests.unit.test_neighbors import a_table

IN_CATALOGUE = (5, 3, 9, 1, 7, 2)
"""sku-5 has item_no 1, sku-3 has 2, and so on."""
NUMBERS = {f"sku-{item}": number for number, item in enumerate(IN_CATALOGUE, start=1)}
WEIGHTS = {Action.CLICK: 1.0, Action.COLLECT: 1.5, Action.CART: 2.0, Action.ORDER: 2.0}

Told = dict[str, dict[str, float]]
names = st.integers(1, 10).map(lambda number: f"sku-{number}")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> SqlCatalogue:
    engine = database.open_database(f"sqlite:///{tmp_path_factory.mktemp('neighbours') / 'shop.db'}")
    database.upgrade(engine)
    shop = SqlCatalogue(engine)
    for item in IN_CATALOGUE:
        shop.apply([an_upsert(an_item(item))])
    return shop


@pytest.fixture(scope="module")
def columns(catalogue: SqlCatalogue) -> CatalogueColumns:
    return columns_of(catalogue, ColumnsWriter(PrivateMemory()))


def columns_of(catalogue: SqlCatalogue, writer: ColumnsWriter) -> CatalogueColumns:
    for page in pages_since(catalogue, writer.revision):
        writer.put(page)
    return writer.view


def windows_of(*behaviors: Behavior, config: WindowConfig | None = None) -> Windows:
    state = UserState(user_id=UserId("user-1"), behaviors=BehaviorColumns.of(behaviors))
    return split(state, NOON_MS, config or WindowConfig())


def a_live(told: Told) -> LiveGeneration:
    indexes = Loads().indexes
    indexes.create("g_1", dims=DIMS, spec=specs.Flat())
    hood = Neighbourhood(a_table(whole(told)))
    return bring_up(a_generation("g-1"), WordEncoder(DIMS), indexes, Tagger([]), neighbours=hood)


def whole(told: Told) -> Told:
    """With a row, empty perhaps, for whoever is only a neighbour."""
    return {**{other: {} for others in told.values() for other in others}, **told}


def found(told: Told, windows: Windows, columns: CatalogueColumns, k: int = 100) -> Hits:
    question = Question(a_live(told), "red dress", windows, columns)
    return asyncio.run(NeighboursChannel().ask(question, k, only=None, seconds=1))


def ids_of(hits: Hits, columns: CatalogueColumns) -> list[str]:
    return [str(item_id) for item_id in columns.item_ids_of(hits.item_nos)]


def by_definition(told: Told, done: list[tuple[str, Action]]) -> list[tuple[int, float]]:
    """(item_no, score), best first. `done`: the newest first."""
    newest: dict[str, Action] = {}
    for name, action in done:
        newest.setdefault(name, action)
    scores: defaultdict[int, float] = defaultdict(float)
    for place, (name, action) in enumerate(newest.items(), start=1):
        for other, alike in told.get(name, {}).items():
            if other in NUMBERS:
                scores[NUMBERS[other]] += WEIGHTS[action] / place * alike
    return sorted(scores.items(), key=lambda scored: (-scored[1], scored[0]))


# Sixteenths are exact in half precision, and so are their sums in the order of either side.
@settings(deadline=None)
@given(
    st.dictionaries(names, st.dictionaries(names, st.integers(1, 16).map(lambda n: n / 16), max_size=6), max_size=8),
    st.lists(st.tuples(names, st.sampled_from([Action.CLICK, Action.COLLECT, Action.ORDER])), max_size=12),
    st.integers(1, 8),
)
def test_hits_are_what_the_definition_says(
    columns: CatalogueColumns, told: Told, done: list[tuple[str, Action]], k: int
) -> None:
    # Twelve days back, where every action is read.
    behaviors = [
        a_behavior(name, action=action, minutes_ago=12 * 24 * 60 + place) for place, (name, action) in enumerate(done)
    ]
    hits = found(told, windows_of(*behaviors), columns, k)
    wanted = by_definition(told, done)
    scores = dict(wanted)
    assert len(hits) == min(k, len(wanted))
    assert hits.scores.tolist() == pytest.approx([score for _, score in wanted[:k]], rel=1e-6)
    assert [scores[item_no] for item_no in hits.item_nos.tolist()] == pytest.approx(hits.scores.tolist(), rel=1e-6)
    level = [hits.item_nos[hits.scores == score].tolist() for score in set(hits.scores.tolist())]
    assert level == [sorted(numbers) for numbers in level], "equal ones in order of their number"


def test_the_newest_click_weighs_most(columns: CatalogueColumns) -> None:
    told = {"sku-1": {"sku-5": 0.5}, "sku-2": {"sku-3": 0.5}, "sku-3": {}, "sku-5": {}}
    older = a_behavior("sku-1", minutes_ago=60)
    hits = found(told, windows_of(older, a_behavior("sku-2", minutes_ago=1)), columns)
    assert ids_of(hits, columns) == ["sku-3", "sku-5"]
    assert hits.scores.tolist() == [0.5, 0.25]
    again = a_behavior("sku-1", minutes_ago=0.5)
    assert ids_of(found(told, windows_of(older, a_behavior("sku-2", minutes_ago=1), again), columns), columns) == [
        "sku-5",
        "sku-3",
    ]


def test_a_recent_item_is_a_hit_only_as_the_neighbour_of_another(columns: CatalogueColumns) -> None:
    told = {"sku-1": {"sku-2": 0.5, "sku-9": 0.25}, "sku-2": {"sku-9": 0.25}, "sku-9": {}}
    both = windows_of(a_behavior("sku-1", minutes_ago=1), a_behavior("sku-2", minutes_ago=2))
    assert ids_of(found(told, both, columns), columns) == ["sku-2", "sku-9"]
    assert ids_of(found(told, windows_of(a_behavior("sku-2")), columns), columns) == ["sku-9"]


def test_who_has_no_history_has_no_hits(columns: CatalogueColumns) -> None:
    assert len(found({"sku-1": {"sku-2": 0.5}, "sku-2": {}}, Windows(), columns)) == 0


def test_a_bundle_without_neighbours_gives_no_hits(columns: CatalogueColumns) -> None:
    assert len(found({}, windows_of(a_behavior("sku-1")), columns)) == 0


def test_what_was_looked_up_ahead_is_not_looked_up_for_a_request(columns: CatalogueColumns) -> None:
    told = {"sku-1": {"sku-5": 0.5, "sku-9": 0.25}, "sku-5": {}, "sku-9": {}}
    hood = Neighbourhood(a_table(told))
    nothing_known = CatalogueColumns()
    weights = np.ones(1, np.float32)
    assert len(hood.around([ItemId("sku-1")], weights, nothing_known, 10)) == 0
    hood.look_ahead(columns)
    assert ids_of(hood.around([ItemId("sku-1")], weights, nothing_known, 10), columns) == ["sku-5", "sku-9"]


def test_history_is_read_from_the_newest_window_back_and_no_further_than_fifty_items() -> None:
    config = WindowConfig(realtime_length=2, short_length=60)
    clicks = [a_behavior(f"sku-{number}", minutes_ago=number) for number in range(1, 60)]
    ordered = a_behavior("sku-1", action=Action.ORDER, minutes_ago=12 * 24 * 60)
    item_ids, weights = recent_items(windows_of(*clicks, ordered, config=config))
    assert item_ids == [f"sku-{number}" for number in range(1, 51)]
    assert weights[[0, 1, 3]].tolist() == [1.0, 0.5, 0.25], "the click came last, so it is what counts of sku-1"


def test_of_one_moment_what_came_later_is_the_newer() -> None:
    at_once = [a_behavior(name, minutes_ago=5, event_id=name) for name in ("sku-1", "sku-2")]
    assert recent_items(windows_of(*at_once))[0] == ["sku-2", "sku-1"]


def test_what_was_ordered_weeks_ago_weighs_more_than_what_was_clicked_then() -> None:
    days = 12 * DAY_MS / MINUTE_MS
    done = [a_behavior("sku-1", action=Action.ORDER, minutes_ago=days), a_behavior("sku-2", minutes_ago=days + 1)]
    item_ids, weights = recent_items(windows_of(*done))
    assert (item_ids, weights.tolist()) == (["sku-1", "sku-2"], [2.0, 0.5])


def test_an_item_that_comes_into_the_catalogue_later_is_found_from_then_on(tmp_path: Path) -> None:
    engine = database.open_database(f"sqlite:///{tmp_path / 'shop.db'}")
    database.upgrade(engine)
    shop = SqlCatalogue(engine)
    hood = Neighbourhood(a_table({"sku-1": {"sku-2": 0.5, "sku-3": 0.25}, "sku-2": {}, "sku-3": {}}))
    clicked, weights = recent_items(windows_of(a_behavior("sku-1")))
    shop.apply([an_upsert(an_item(3))])
    writer = ColumnsWriter(PrivateMemory())
    before = columns_of(shop, writer)
    assert ids_of(hood.around(clicked, weights, before, 5), before) == ["sku-3"]
    shop.apply([an_upsert(an_item(2))])
    after = columns_of(shop, writer)
    assert ids_of(hood.around(clicked, weights, after, 5), after) == ["sku-2", "sku-3"]
    engine.dispose()
