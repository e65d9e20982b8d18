"""What the behaviour handler hands to the archive: each event that was new, once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.events import BehaviorEvent
from multigrain.features.sql import SqlFeatureStore
from streaming.handlers.behavior import BehaviorHandler
from streaming.handlers.handler import Incoming, Stores
from tests.builders import a_click, a_search
from tests.unit.streaming.records import a_record


class ListArchive:
    """An archive of one list a call."""

    def __init__(self) -> None:
        self.kept: list[list[str]] = []
        self.inside: list[bool] = []

    def keep(self, connection: sa.Connection, fresh: Sequence[BehaviorEvent]) -> None:
        self.kept.append([event.event_id for event in fresh])
        self.inside.append(connection.in_transaction())


class House:
    """A handler that archives, over a real store."""

    def __init__(self, folder: Path) -> None:
        self.engine = database.open_database(f"sqlite:///{folder / 'house.db'}")
        database.upgrade(self.engine)
        self.archive = ListArchive()
        self.handler = BehaviorHandler(self.archive)

    @contextmanager
    def batch(self, *events: BehaviorEvent) -> Iterator[None]:
        """The batch is handled; the block comes before its commit."""
        incoming = [Incoming(a_record(event=event), event) for event in events]
        with database.writing(self.engine) as connection:
            self.handler.handle(incoming, Stores(connection, SqlCatalogue(connection), SqlFeatureStore(connection)))
            yield

    def take(self, *events: BehaviorEvent) -> None:
        with self.batch(*events):
            pass


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_new_events_are_kept_in_their_order_inside_the_transaction(house: House) -> None:
    house.take(a_click(event_id="e-2"), a_search("boots"), a_click(event_id="e-1"))

    search = a_search("boots").event_id
    assert house.archive.kept == [["e-2", search, "e-1"]]
    assert house.archive.inside == [True]


def test_what_comes_twice_in_a_batch_is_kept_once(house: House) -> None:
    house.take(a_click(event_id="e-1"), a_click(event_id="e-2"), a_click(event_id="e-1"))

    assert house.archive.kept == [["e-1", "e-2"]]


def test_of_a_replay_only_the_new_is_kept(house: House) -> None:
    house.take(a_click(event_id="e-1"))
    house.take(a_click(event_id="e-1"), a_click(event_id="e-2"))
    house.take(a_click(event_id="e-1"), a_click(event_id="e-2"))

    assert house.archive.kept == [["e-1"], ["e-2"]]


def test_what_was_rolled_back_is_kept_again(house: House) -> None:
    def fail() -> None:
        with house.batch(a_click(event_id="e-1")):
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    house.take(a_click(event_id="e-1"))

    assert house.archive.kept == [["e-1"], ["e-1"]]


def test_without_an_archive_events_are_recorded_all_the_same(house: House) -> None:
    house.handler = BehaviorHandler()
    house.take(a_click("sku-1"))

    state = SqlFeatureStore(house.engine).get(a_click().user_id)
    assert state is not None
    assert state.behaviors.item_ids == ("sku-1",)
