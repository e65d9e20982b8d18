"""Catalogue and index held against each other: each kind of difference is made, found, repaired, and gone."""

import logging
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from multigrain.catalog.catalog import SqlCatalogue, StoredItem
from multigrain.errors import IndexUnavailable, WrongState
from multigrain.events import ItemPatched, ItemRemoved
from multigrain.index.exact import ExactIndex
from multigrain.index.item_index import IndexRows, ItemIndex
from multigrain.index.item_rows import item_rows
from multigrain.settings import ReconcileSettings
from multigrain.telemetry import RECONCILE_LOOKS
from multigrain.types import GenerationId, ItemId, ItemStatus
from streaming.app import assemble
from streaming.consumer import Limits
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.encode import encode_binary
from streaming.reconcile import reconcile as reconciling
from streaming.reconcile.chore import reconcile_chore
from streaming.reconcile.difference import Kind
from streaming.reconcile.reconcile import NoLongerFed, Plan, reconcile
from streaming.reconcile.report import EXAMPLES, Reconciled
from streaming.reconcile.treat import Treat, leave, repair
from streaming.sources.memory import MemoryLog, MemorySource
from streaming.targets import FedGenerations, Target
from tests.builders import NOON_MS, an_item, an_upsert
from tests.contract.stores import index_store, sql_engine
from tests.flow.serving import Shop, a_catalogue

ITEMS = 40
NAME = GenerationId("g-1")
NEVER_GIVEN = 7_000
SECONDS = 30.0


class Street:
    """A shop with one ready generation, and a stream that feeds it."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.log = MemoryLog({"multigrain.items": 1})
        shop.stock(a_catalogue(ITEMS))
        shop.publish(NAME)
        self.targets = FedGenerations(shop.registry, lambda: shop.indexes, lambda path: shop.encoders[path.name])
        self.target = self.targets.one(NAME)
        self.index = self.target.index

    def reconcile(
        self, treat: Treat = leave, *, catalogue: SqlCatalogue | None = None, sample: int = 400
    ) -> Reconciled:
        plan = Plan(treat=treat, sample=sample, rng=np.random.default_rng(7))
        return reconcile(self.target, catalogue or self.shop.catalogue, self.shop.registry, plan)

    def stored(self, number: int) -> StoredItem:
        return self.shop.catalogue.get([ItemId(f"sku-{number}")])[ItemId(f"sku-{number}")]

    def write(self, stored: StoredItem) -> None:
        """A row behind the catalogue's back."""
        self.index.upsert(item_rows([stored], self.target.encoder.encode_items([stored.item])))

    def stream(self) -> None:
        assemble(
            engine=self.shop.engine,
            open_source=lambda start: MemorySource(self.log, start),
            targets=self.targets,
            dead_letters=MemoryDeadLetters(),
            limits=Limits(batch_records=4, batch_seconds=0),
            clock_ms=lambda: NOON_MS,
        ).run()

    def change(self, chance: random.Random, version: int) -> None:
        """Sends one change of any kind, of any item: one that is there, is gone, or never was."""
        number, event_id = chance.randint(1, ITEMS + 10), f"e-{version}"
        item_id = ItemId(f"sku-{number}")
        encoded = encode_binary(
            chance.choice(
                (
                    ItemRemoved(event_id=event_id, at_ms=NOON_MS, item_id=item_id, source_version=version),
                    an_upsert(an_item(number, title=f"scarf {version}", source_version=version)),
                    ItemPatched(
                        event_id=event_id,
                        at_ms=NOON_MS,
                        item_id=item_id,
                        source_version=version,
                        status=chance.choice((ItemStatus.ACTIVE, ItemStatus.INACTIVE)),
                    ),
                )
            )
        )
        self.log.append("multigrain.items", encoded.key, encoded.value, encoded.headers)


@contextmanager
def opened(sql: str, kind: str, request: pytest.FixtureRequest, prefix: str = "") -> Iterator[Street]:
    with contextmanager(sql_engine)(sql, request) as engine:
        yield Street(Shop(engine, index_store(kind, request), prefix=prefix))


@pytest.fixture
def street(request: pytest.FixtureRequest) -> Iterator[Street]:
    with opened("sqlite", "exact", request) as made:
        yield made


def missing(street: Street) -> None:
    street.index.delete(np.array([3]))


def surplus(street: Street) -> None:
    street.write(replace(street.stored(1), item_no=NEVER_GIVEN))


def not_removed(street: Street) -> None:
    was = street.stored(9)
    street.shop.catalogue.apply(
        [ItemRemoved(event_id="gone", at_ms=NOON_MS, item_id=ItemId("sku-9"), source_version=5)]
    )
    street.write(was)


def ahead(street: Street) -> None:
    stored = street.stored(4)
    street.write(replace(stored, item=replace(stored.item, source_version=99)))


def stale(street: Street) -> None:
    street.shop.catalogue.apply([an_upsert(an_item(5, title="wool scarf", source_version=2))])


def wrong_field(street: Street) -> None:
    stored = street.stored(6)
    street.write(replace(stored, item=replace(stored.item, brand="puma")))


def wrong_vector(street: Street) -> None:
    stored = street.stored(7)
    other = street.target.encoder.encode_items([replace(stored.item, title="felt hat")])
    street.index.upsert(item_rows([stored], other))


FAULTS: dict[Callable[[Street], None], tuple[Kind, int]] = {
    missing: (Kind.MISSING, 3),
    surplus: (Kind.SURPLUS, NEVER_GIVEN),
    not_removed: (Kind.SURPLUS, 9),
    ahead: (Kind.AHEAD, 4),
    stale: (Kind.STALE, 5),
    wrong_field: (Kind.WRONG_FIELD, 6),
    wrong_vector: (Kind.WRONG_VECTOR, 7),
}


def seen(reconciled: Reconciled) -> set[tuple[Kind, int]]:
    return {(tally.kind, example.item_no) for tally in reconciled.tallies for example in tally.examples}


def rows_of_all(index: ItemIndex) -> IndexRows:
    return index.rows_of(np.arange(1, NEVER_GIVEN + 1))


def assert_is_the_catalogue(street: Street) -> None:
    stored = [one for batch in street.shop.catalogue.scan(1000) for one in batch]
    meant = item_rows(stored, street.target.encoder.encode_items([one.item for one in stored]))
    held = rows_of_all(street.index)
    order = np.argsort(held.item_nos)
    assert held.item_nos[order].tolist() == meant.item_nos.tolist()
    np.testing.assert_allclose(held.vectors[order], meant.vectors, atol=1e-5)
    for column in ("statuses", "brands", "categories", "shops", "titles"):
        assert [getattr(held, column)[row] for row in order] == list(getattr(meant, column))


def test_an_index_that_is_the_catalogue_has_no_difference(street: Street) -> None:
    found = street.reconcile()
    assert (found.found, found.left, found.tallies) == (0, 0, ())
    assert (found.items, found.rows) == (ITEMS, ITEMS)
    assert found.sampled >= 0.9 * ITEMS


def test_a_new_price_leaves_the_row_at_an_older_version_and_is_no_difference(street: Street) -> None:
    street.shop.catalogue.apply([an_upsert(replace(street.stored(2).item, price=1.0, source_version=8))])
    assert rows_of_all(street.index).revisions.max() == 1
    assert street.reconcile().found == 0


@pytest.mark.parametrize("make", FAULTS, ids=lambda make: make.__name__)
def test_a_difference_is_found_then_repaired_then_gone(street: Street, make: Callable[[Street], None]) -> None:
    make(street)
    only_looked = street.reconcile()
    assert seen(only_looked) == {FAULTS[make]}
    assert (only_looked.found, only_looked.left) == (1, 1)
    repaired = street.reconcile(repair)
    assert seen(repaired) == {FAULTS[make]}
    assert (repaired.found, repaired.left) == (1, 0)
    assert street.reconcile().found == 0
    assert_is_the_catalogue(street)


@pytest.mark.parametrize(("sql", "kind"), [("sqlite", "milvus-lite"), ("postgres", "milvus-server")])
def test_milvus_with_everything_wrong_at_once_ends_as_the_catalogue(
    request: pytest.FixtureRequest, sql: str, kind: str, milvus_prefix: str
) -> None:
    with opened(sql, kind, request, milvus_prefix) as street:
        for make in FAULTS:
            make(street)
        assert seen(street.reconcile()) == set(FAULTS.values())
        repaired = street.reconcile(repair)
        assert (repaired.found, repaired.left) == (len(FAULTS), 0)
        assert street.reconcile().found == 0
        assert_is_the_catalogue(street)
        street.index.drop()


def test_an_empty_index_is_filled_again_hold_by_hold(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "HELD_AT_ONCE", 7)
    monkeypatch.setattr(reconciling, "NUMBERS_AT_ONCE", 11)
    street.index.delete(np.arange(1, ITEMS + 1))
    filled = street.reconcile(repair)
    [tally] = filled.tallies
    assert (tally.kind, tally.found, tally.left, len(tally.examples)) == (Kind.MISSING, ITEMS, 0, EXAMPLES)
    assert_is_the_catalogue(street)


def test_an_index_that_counts_what_it_does_not_show_is_told(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExactIndex, "count", lambda index: ITEMS + 2)
    found = street.reconcile(repair)
    assert (seen(found), found.left) == ({(Kind.UNCOUNTED, 0)}, 1)


class ChangingCatalogue(SqlCatalogue):
    """One that changes, and is streamed to the index, between the two reads of a page."""

    def __init__(self, street: Street, seed: int) -> None:
        super().__init__(street.shop.engine)
        self.street, self.chance, self.version, self.holds = street, random.Random(seed), 10, 0

    def numbered(self, first: int, behind: int) -> list[StoredItem]:
        read = super().numbered(first, behind)
        for _ in range(5):
            self.version += 1
            self.street.change(self.chance, self.version)
        self.street.stream()
        return read

    @contextmanager
    def held(self) -> Iterator[sa.Connection]:
        self.holds += 1
        with super().held() as connection:
            yield connection


@pytest.mark.parametrize("seed", range(5))
def test_what_a_stream_changes_between_the_two_reads_is_no_difference(
    street: Street, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "NUMBERS_AT_ONCE", 15)
    catalogue = ChangingCatalogue(street, seed)
    assert street.reconcile(catalogue=catalogue).found == 0
    # The two counts are two holds: there were more, so something was suspected, and cleared.
    assert catalogue.holds > 2
    assert_is_the_catalogue(street)


@pytest.mark.parametrize("sql", ["sqlite", "postgres"])
def test_a_stream_that_never_stops_makes_no_false_difference_and_is_not_disturbed(
    request: pytest.FixtureRequest, sql: str
) -> None:
    with opened(sql, "exact", request) as street:
        stopped, enough, chance = threading.Event(), threading.Event(), random.Random(3)

        def stream() -> None:
            version = 100
            while not stopped.is_set():
                for _ in range(12):
                    version += 1
                    street.change(chance, version)
                street.stream()
                if version > 200:
                    enough.set()

        looks = []
        with ThreadPoolExecutor(1) as threads:
            streaming = threads.submit(stream)
            try:
                # As often as it takes until there was a stream to disturb: either of the two may be the quicker one.
                while len(looks) < 16 or not (enough.is_set() or streaming.done()):
                    looks += [street.reconcile(treat) for treat in (leave, repair)]
            finally:
                stopped.set()
            streaming.result(SECONDS)
        assert [look.tallies for look in looks if look.found] == []
        assert_is_the_catalogue(street)


def test_a_generation_that_is_given_up_meanwhile_is_left_alone(street: Street) -> None:
    missing(street)

    def give_up(target: Target, items: Sequence[StoredItem], differences: Sequence[object]) -> None:
        raise AssertionError

    street.shop.registry.fail(NAME, "nobody wants it")
    with pytest.raises(NoLongerFed, match="g-1 is failed"):
        street.reconcile(give_up)
    with pytest.raises(WrongState, match="g-1 is failed and not fed"):
        street.targets.one(NAME)


def the_settings(**changed: object) -> ReconcileSettings:
    return ReconcileSettings.model_validate(changed)


def test_the_chore_repairs_every_fed_generation_and_says_so(street: Street, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    street.shop.publish("g-2", seed=1)
    missing(street)
    chore = reconcile_chore(street.shop.engine, street.targets, the_settings(), np.random.default_rng(1))
    repaired = _looks("repaired"), _looks("clean")
    chore()
    assert (_looks("repaired"), _looks("clean")) == (repaired[0] + 1, repaired[1] + 1)
    assert_is_the_catalogue(street)
    assert [record.levelname for record in caplog.records if "held against" in record.message] == ["WARNING", "INFO"]


def test_the_chore_only_reports_where_repair_is_off(street: Street) -> None:
    missing(street)
    reconcile_chore(street.shop.engine, street.targets, the_settings(repair=False), np.random.default_rng(1))()
    assert street.index.count() == ITEMS - 1


def test_a_store_that_is_down_ends_a_look_and_not_the_stream(
    street: Street, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(index: ExactIndex, item_nos: object) -> IndexRows:
        raise IndexUnavailable("Milvus is down: start it")

    monkeypatch.setattr(ExactIndex, "rows_of", down)
    reconcile_chore(street.shop.engine, street.targets, the_settings(), np.random.default_rng(1))()
    assert "not reconciled" in caplog.text


def _looks(outcome: str) -> float:
    return sum(
        sample.value
        for metric in RECONCILE_LOOKS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels["outcome"] == outcome
    )
