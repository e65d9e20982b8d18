"""The stream from records to stores: real SQLite, a real index, a real encoder; only the log is in memory."""

import itertools
import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.errors import IndexUnavailable, StoreUnavailable, TooManyDeadLetters
from multigrain.events import (
    Carted,
    Clicked,
    Collected,
    Event,
    ItemPatched,
    ItemRemoved,
    ItemUpserted,
    Ordered,
)
from multigrain.features.sql import SqlFeatureStore
from multigrain.index.exact import ExactIndex
from multigrain.index.item_index import HardFilter, IndexRows
from multigrain.index.rows import vectors_by_item
from multigrain.types import Float32s, GenerationId, Item, ItemId, ItemStatus, UserId
from streaming.app import assemble, sql_transactions
from streaming.consumer import Consumer, Limits
from streaming.dead_letters.file import FileDeadLetters
from streaming.dead_letters.memory import MemoryDeadLetters
from streaming.encode import TopicKind, encode_binary, encode_line
from streaming.handlers.handler import Stores, Transactions
from streaming.sources.file import FileSource
from streaming.sources.memory import MemoryLog, MemorySource
from streaming.targets import Target
from tests.builders import NOON_MS, WordEncoder, a_click, a_search, an_action, an_item, an_upsert

TOPIC = {TopicKind.ITEMS: "multigrain.items", TopicKind.BEHAVIOR: "multigrain.behavior"}


class CountingIndex(ExactIndex):
    """An index that counts what it was asked to write, and is down as often as told."""

    def __init__(self) -> None:
        super().__init__("g", dims=32)
        self.upserts: list[int] = []
        self.failures = 0

    def upsert(self, rows: IndexRows) -> int:
        if self.failures:
            self.failures -= 1
            raise IndexUnavailable("Milvus is down: start it")
        self.upserts.append(len(rows))
        return super().upsert(rows)


class Crash(Exception):
    """The process ends here."""


@dataclass
class House:
    """Everything around a consumer that outlives it."""

    folder: Path
    log: MemoryLog = field(default_factory=lambda: MemoryLog({"multigrain.items": 2, "multigrain.behavior": 2}))
    letters: MemoryDeadLetters = field(default_factory=MemoryDeadLetters)
    indexes: dict[str, CountingIndex] = field(default_factory=lambda: {"g-1": CountingIndex()})
    waits: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = database.open_database(f"sqlite:///{self.folder / 'house.db'}")
        database.upgrade(self.engine)

    def send(self, *events: Event) -> None:
        for event in events:
            encoded = encode_binary(event)
            self.log.append(TOPIC[encoded.topic_kind], encoded.key, encoded.value, encoded.headers)

    def send_bytes(self, value: bytes, *, topic: str = "multigrain.behavior") -> None:
        self.log.append(topic, None, value)

    def targets(self) -> list[Target]:
        return [Target(GenerationId(name), WordEncoder(), index) for name, index in self.indexes.items()]

    def consumer(self, *, batch: int = 500, bad_run: int = 100, **parts: Any) -> Consumer:  # Any: parts of `assemble`
        real: dict[str, Any] = {  # Any: as above
            "engine": self.engine,
            "open_source": lambda start: MemorySource(self.log, start),
            "targets": self.targets,
            "dead_letters": self.letters,
            "limits": Limits(batch_records=batch, batch_seconds=0, dead_letter_run=bad_run),
            "clock_ms": lambda: NOON_MS,
            "wait": self.waits.append,
        }
        return assemble(**{**real, **parts})

    def stream(self, *events: Event, **parts: Any) -> Consumer:  # Any: as above
        """Sends these, and takes everything that was sent."""
        self.send(*events)
        consumer = self.consumer(**parts)
        consumer.run()
        return consumer

    @property
    def index(self) -> CountingIndex:
        return self.indexes["g-1"]

    def item(self, item_id: str) -> Item | None:
        stored = SqlCatalogue(self.engine).get([ItemId(item_id)]).get(ItemId(item_id))
        return stored.item if stored else None

    def indexed(self) -> dict[str, tuple[bytes, bool]]:
        """What the index holds: by item id, the vector and whether it is found among the active."""
        stored = [row for rows in SqlCatalogue(self.engine).scan(100) for row in rows]
        vectors = vectors_by_item(self.index.rows_of(np.array([row.item_no for row in stored], np.int64)))
        active = self.index.search(
            np.ones((1, 32), np.float32), 100, only=HardFilter(statuses=(1,)), timeout_seconds=1
        ).item_nos[0]
        return {
            row.item.item_id: (vectors[row.item_no].tobytes(), row.item_no in active)
            for row in stored
            if row.item_no in vectors
        }

    def clicks_of(self, user_id: str = "user-1") -> list[str]:
        state = SqlFeatureStore(self.engine).get(UserId(user_id))
        return list(state.behaviors.item_ids) if state else []


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def vector_of(title: str) -> bytes:
    vectors: Float32s = WordEncoder().encode_items([an_item(title=title)])
    return vectors[0].tobytes()


# Behaviour


def test_a_click_is_in_the_users_state_with_the_items_side_features(house: House) -> None:
    house.stream(an_upsert(an_item(7, brand="nike", shop="shop-9")), a_click("sku-7"))
    state = SqlFeatureStore(house.engine).get(UserId("user-1"))
    assert state is not None
    behaviors = state.behaviors
    assert (behaviors.item_ids, behaviors.brands, behaviors.shops) == (("sku-7",), ("nike",), ("shop-9",))
    assert (behaviors.leaf_categories, behaviors.top_categories) == (("running shoes",), ("sports",))


def test_a_click_on_an_item_nobody_knows_is_kept_without_side_features(house: House) -> None:
    house.stream(a_click("sku-404"))
    state = SqlFeatureStore(house.engine).get(UserId("user-1"))
    assert state is not None
    assert (state.behaviors.item_ids, state.behaviors.brands) == (("sku-404",), ("",))
    assert house.letters.letters == []


def test_every_kind_of_action_keeps_its_kind(house: House) -> None:
    kinds = (Clicked, Collected, Carted, Ordered)
    house.stream(*(an_action(kind, minutes_ago=10 - number) for number, kind in enumerate(kinds)))
    state = SqlFeatureStore(house.engine).get(UserId("user-1"))
    assert state is not None
    assert [int(action) for action in state.behaviors.actions] == [1, 2, 3, 4]


def test_a_search_becomes_a_query_of_the_user(house: House) -> None:
    house.stream(a_search("red dress", minutes_ago=5), a_search("blue dress", minutes_ago=9))
    state = SqlFeatureStore(house.engine).get(UserId("user-1"))
    assert state is not None
    assert state.queries == ("blue dress", "red dress")


def test_duplicates_change_nothing(house: House) -> None:
    house.stream(a_click("sku-1"), a_click("sku-1"), a_click("sku-1"))
    before = SqlFeatureStore(house.engine).get(UserId("user-1"))
    house.stream(a_click("sku-1"))
    after = SqlFeatureStore(house.engine).get(UserId("user-1"))
    assert house.clicks_of() == ["sku-1"]
    assert before is not None
    assert after is not None
    assert after.version == before.version


def test_a_late_event_lands_in_its_place_by_time(house: House) -> None:
    house.stream(a_click("sku-3", minutes_ago=1), a_click("sku-1", minutes_ago=30))
    house.stream(a_click("sku-2", minutes_ago=10))
    assert house.clicks_of() == ["sku-1", "sku-2", "sku-3"]


# Items


def test_a_new_item_is_found_in_every_open_generation(house: House) -> None:
    house.indexes["g-2"] = CountingIndex()
    house.stream(an_upsert(an_item(1, title="red wool scarf")))
    for index in house.indexes.values():
        found = index.search(WordEncoder().encode_items([an_item(title="wool scarf red")]), 1, timeout_seconds=1)
        assert found.scores[0, 0] == pytest.approx(1.0, abs=1e-6)


def test_price_and_stock_reach_the_catalogue_and_no_index(house: House) -> None:
    house.stream(an_upsert(an_item(1)))
    writes = list(house.index.upserts)
    house.stream(_patch("sku-1", version=2, price=79.5, stock=0))
    item = house.item("sku-1")
    assert item is not None
    assert (item.price, item.stock) == (79.5, 0)
    assert house.index.upserts == writes == [1]


def test_a_changed_title_is_embedded_again(house: House) -> None:
    house.stream(an_upsert(an_item(1, title="red scarf")))
    house.stream(an_upsert(an_item(1, title="green hat", source_version=2)))
    assert house.indexed() == {"sku-1": (vector_of("green hat"), True)}


def test_an_upsert_that_changes_only_the_price_costs_no_index_write(house: House) -> None:
    house.stream(an_upsert(an_item(1)))
    house.stream(an_upsert(an_item(1, price=5.0, source_version=2)))
    assert house.index.upserts == [1]


def test_a_status_change_reaches_the_index(house: House) -> None:
    house.stream(an_upsert(an_item(1, title="red scarf")))
    house.stream(_patch("sku-1", version=2, status=ItemStatus.INACTIVE))
    assert house.indexed() == {"sku-1": (vector_of("red scarf"), False)}


def test_a_removed_item_leaves_the_index(house: House) -> None:
    house.stream(an_upsert(an_item(1)), an_upsert(an_item(2)))
    house.stream(_removal("sku-1", version=2))
    assert list(house.indexed()) == ["sku-2"]
    assert house.index.count() == 1


def test_an_item_that_comes_back_is_in_the_index_again(house: House) -> None:
    house.stream(an_upsert(an_item(1, title="red scarf")), _removal("sku-1", version=2))
    assert house.index.count() == 0
    house.stream(an_upsert(an_item(1, title="red scarf", source_version=3)))
    assert house.indexed() == {"sku-1": (vector_of("red scarf"), True)}


def test_an_older_version_changes_nothing(house: House) -> None:
    house.stream(an_upsert(an_item(1, title="new", source_version=5)))
    house.stream(an_upsert(an_item(1, title="old", source_version=4)), _removal("sku-1", version=3))
    assert house.indexed() == {"sku-1": (vector_of("new"), True)}
    assert house.letters.letters == []


def test_many_changes_of_one_item_in_a_batch_are_one_write(house: House) -> None:
    house.stream(*(an_upsert(an_item(1, title=f"title {version}", source_version=version)) for version in range(1, 9)))
    assert house.index.upserts == [1]
    assert house.indexed() == {"sku-1": (vector_of("title 8"), True)}


# Bad records


def test_a_bad_record_goes_aside_with_its_reason_and_place(house: House) -> None:
    house.send(a_click("sku-1", user_id="user-1"))
    house.send_bytes(b"\xff\xff")
    consumer = house.stream(a_click("sku-2", user_id="user-1", minutes_ago=1))
    (letter,) = house.letters.letters
    assert letter.reason.startswith("value: is not a protobuf")
    assert letter.record.value == b"\xff\xff"
    assert letter.record.partition.topic == "multigrain.behavior"
    assert letter.record == house.log.read(letter.record.partition, letter.record.position, 1)[0]
    assert house.clicks_of() == ["sku-1", "sku-2"]
    assert (consumer.progress.events, consumer.progress.dead_letters) == (2, 1)


def test_a_patch_of_an_unknown_item_goes_aside(house: House) -> None:
    house.stream(_patch("sku-404", version=1, price=1.0))
    (letter,) = house.letters.letters
    assert letter.error.field == "item_patched.item_id"
    assert "sku-404" in letter.reason


def test_a_patch_older_than_the_removal_is_merely_late(house: House) -> None:
    house.stream(an_upsert(an_item(1)), _removal("sku-1", version=3))
    house.stream(_patch("sku-1", version=2, price=1.0))
    assert house.letters.letters == []


def test_too_many_bad_records_in_a_row_stop_the_stream_before_anything_is_lost(house: House) -> None:
    house.stream(a_click("sku-1"))
    for _ in range(3):
        house.send_bytes(b"\xff")
    consumer = house.consumer(batch=2, bad_run=3)
    with pytest.raises(TooManyDeadLetters, match="3 records in a row could not be taken, the last because value: is"):
        consumer.run()
    # The first two were a batch of their own; the third is still there for a mended decoder.
    assert len(house.letters.letters) == 2
    after = house.stream(bad_run=100)
    assert after.progress.dead_letters == 1


def test_a_good_record_between_bad_ones_starts_the_count_again(house: House) -> None:
    for number in range(6):
        house.send_bytes(b"\xff")
        house.log.append("multigrain.behavior", None, encode_binary(a_click(f"sku-{number}")).value)
    house.stream(batch=3, bad_run=2)
    assert len(house.letters.letters) == 6
    assert len(house.clicks_of()) == 6


# Stores that are down, processes that end


def test_a_store_that_is_down_is_waited_for_and_nothing_is_lost(house: House) -> None:
    house.index.failures = 2
    house.stream(an_upsert(an_item(1, title="red scarf")), a_click("sku-1"))
    assert house.indexed() == {"sku-1": (vector_of("red scarf"), True)}
    assert house.clicks_of() == ["sku-1"]
    assert house.letters.letters == []
    # 0.2 and 0.4 seconds, each shortened by up to a half.
    first, second = house.waits
    assert 0.1 <= first <= 0.2 <= second <= 0.4


def test_a_stop_while_a_store_is_down_abandons_the_batch_whole(house: House) -> None:
    house.index.failures = 10**6
    house.send(an_upsert(an_item(1, title="red scarf")), a_click("sku-1"))
    stop = threading.Event()
    consumer = house.consumer(wait=lambda _: stop.set())
    assert consumer.run_forever(stop).events == 0
    assert house.clicks_of() == []
    house.index.failures = 0
    house.stream()
    assert house.clicks_of() == ["sku-1"]
    assert house.indexed() == {"sku-1": (vector_of("red scarf"), True)}


def test_it_runs_until_it_is_stopped(house: House) -> None:
    stop = threading.Event()
    consumer = house.consumer(limits=Limits(batch_seconds=0.01))
    thread = threading.Thread(target=consumer.run_forever, args=(stop,))
    thread.start()
    try:
        house.send(a_click("sku-1"))
        _eventually(lambda: house.clicks_of() == ["sku-1"])
        house.send(a_click("sku-2", minutes_ago=1))
        _eventually(lambda: house.clicks_of() == ["sku-1", "sku-2"])
    finally:
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def test_a_consumer_thought_dead_is_refused_and_goes_on_behind_its_successor(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.log = MemoryLog({"multigrain.items": 1, "multigrain.behavior": 1})
    house.send(*(a_click(f"sku-{number}", minutes_ago=20 - number) for number in range(4)))
    zombie = house.consumer(batch=1, transactions=_overtaken_after_one(sql_transactions(house.engine), house))
    zombie.run()
    assert zombie.progress.events == 1
    house.send(a_click("sku-4", minutes_ago=1))
    zombie.run()
    assert "another consumer has taken it over" in caplog.text
    assert zombie.progress.events == 2
    assert house.clicks_of() == ["sku-0", "sku-1", "sku-2", "sku-3", "sku-4"]


def test_after_a_crash_no_item_gets_a_number_that_the_index_knows_as_another(house: House) -> None:
    other = MemoryLog({"multigrain.items": 1})
    red = encode_binary(an_upsert(an_item(1, title="red scarf", source_version=5)))
    other.append("multigrain.items", red.key, red.value)
    crashing = _crashing(sql_transactions(house.engine), iter(["before commit"]))
    with pytest.raises(Crash):
        house.consumer(open_source=lambda start: MemorySource(other, start), transactions=crashing).run()
    assert house.index.count() == 1
    house.stream(an_upsert(an_item(2, title="green hat", source_version=1)), engine=house.engine)
    assert house.indexed()["sku-2"] == (vector_of("green hat"), True)


@pytest.mark.parametrize("seed", range(24))
def test_whatever_crashes_the_stores_end_as_after_one_clean_pass(house: House, seed: int) -> None:
    chance = random.Random(seed)
    events, expected = _history(chance)
    for event in events:
        if chance.random() < 0.05:
            house.send_bytes(chance.randbytes(chance.randint(1, 20)))
        house.send(event)
    crashes = _live_through(house, chance)
    assert crashes > 0
    assert house.indexed() == {
        item_id: (vector_of(item.title), item.status is ItemStatus.ACTIVE)
        for item_id, item in expected.items.items()
        if item.status is not ItemStatus.REMOVED
    }
    assert house.index.count() == len(house.indexed())
    assert {item_id: house.item(item_id) for item_id in expected.items} == expected.items
    assert {user: house.clicks_of(user) for user in expected.clicks} == expected.clicks
    bad = {
        (record.partition, record.position)
        for partition in house.log.partitions
        for record in house.log.read(partition, 0, 10**6)
        if record.key is None
    }
    assert {(letter.record.partition, letter.record.position) for letter in house.letters.letters} == bad


# Files


def test_an_events_file_is_streamed_to_its_end_once(house: House, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = [encode_line(an_upsert(an_item(1)), "multigrain.items"), "not json", encode_line(a_click(), "b")]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    dead = FileDeadLetters(tmp_path / "events.jsonl.dead")
    first = house.stream(open_source=lambda start: FileSource(path, start), dead_letters=dead)
    first.close()
    second = house.stream(open_source=lambda start: FileSource(path, start), dead_letters=dead)
    second.close()
    assert (first.progress.events, first.progress.dead_letters) == (2, 1)
    assert (second.progress.events, second.progress.dead_letters) == (0, 0)
    assert house.clicks_of() == ["sku-1"]
    (entry,) = [json.loads(line) for line in (tmp_path / "events.jsonl.dead").read_text().splitlines()]
    assert (entry["position"], entry["field"], entry["value"]) == (1, "value", "not json")


# The oracle, and what crashes


@dataclass
class Expected:
    """What one clean pass over the events must leave, worked out with dicts."""

    items: dict[str, Item] = field(default_factory=dict)
    clicks: dict[str, list[str]] = field(default_factory=dict)


def _history(chance: random.Random) -> tuple[list[Event], Expected]:
    """A base catalogue, then 150 events of every kind in any order, some old, some twice."""
    expected = Expected()
    events: list[Event] = [an_upsert(an_item(number)) for number in range(8)]
    times: dict[str, dict[int, str]] = {}
    for step in range(150):
        version, item_id = chance.randint(1, 12), f"sku-{chance.randrange(12)}"
        kind = chance.choice(["upsert", "patch", "remove", "click", "click", "click", "again"])
        if kind == "upsert":
            title = f"{chance.choice(['red', 'green', 'blue'])} {chance.choice(['hat', 'scarf', 'shoe'])}"
            events.append(an_upsert(an_item(int(item_id[4:]), title=title, source_version=version)))
        elif kind == "patch" and item_id in {f"sku-{number}" for number in range(8)}:
            status = chance.choice([None, ItemStatus.ACTIVE, ItemStatus.INACTIVE])
            events.append(_patch(item_id, version=version, price=float(step), status=status))
        elif kind == "remove" and item_id in ("sku-10", "sku-11"):
            events.append(_removal(item_id, version=version))
        elif kind == "click":
            user, minutes = f"user-{chance.randrange(3)}", chance.randrange(1000)
            clicked = f"sku-{chance.randrange(8)}"
            if times.setdefault(user, {}).setdefault(minutes, clicked) == clicked:
                events.append(a_click(clicked, user_id=user, minutes_ago=minutes))
        elif kind == "again":
            events.append(chance.choice(events))
    for event in events:
        _expect(expected.items, event)
    expected.clicks = {
        user: [at[minutes] for minutes in sorted(at, reverse=True)] for user, at in sorted(times.items())
    }
    return events, expected


def _expect(items: dict[str, Item], event: Event) -> None:
    match event:
        case ItemUpserted(item=item):
            if item.item_id not in items or item.source_version > items[item.item_id].source_version:
                items[item.item_id] = item
        case ItemPatched(item_id=item_id, source_version=version, price=price, status=status):
            old = items[item_id]
            if version > old.source_version:
                items[item_id] = replace(old, source_version=version, price=price, status=status or old.status)
        case ItemRemoved(item_id=item_id, source_version=version):
            old = items.get(item_id) or _tombstone(item_id)
            if version > old.source_version:
                items[item_id] = replace(old, source_version=version, status=ItemStatus.REMOVED)


def _tombstone(item_id: str) -> Item:
    nothing = {"title": "", "brand": "", "category_path": ("",), "shop": "", "price": 0.0, "stock": 0}
    return an_item(item_id=item_id, status=ItemStatus.REMOVED, source_version=0, **nothing)


def _live_through(house: House, chance: random.Random) -> int:
    """Consumers one after the other, each ending somewhere, with batches of any size, until one comes to the end."""
    points = ["none"] * 6 + ["at the start", "before commit", "before commit", "after commit", "store down"]
    crashes = 0
    while True:
        plan = iter(lambda: chance.choice(points), "never")
        consumer = house.consumer(
            batch=chance.randint(1, 12), transactions=_crashing(sql_transactions(house.engine), plan)
        )
        try:
            consumer.run()
        except Crash:
            crashes += 1
        else:
            return crashes


def _crashing(transactions: Transactions, plan: Iterator[str]) -> Transactions:
    @contextmanager
    def open_one() -> Iterator[Stores]:
        point = next(plan)
        with transactions() as stores:
            if point == "at the start":
                raise Crash
            if point == "store down":
                raise StoreUnavailable("the database is down: start it")
            yield stores
            if point == "before commit":
                raise Crash
        if point == "after commit":
            raise Crash

    return open_one


def _overtaken_after_one(transactions: Transactions, house: House) -> Transactions:
    """After the first transaction and before the second, another consumer takes all there is."""
    openings = itertools.count()

    @contextmanager
    def open_one() -> Iterator[Stores]:
        if next(openings) == 1:
            house.stream()
        with transactions() as stores:
            yield stores

    return open_one


def _patch(item_id: str, *, version: int, **changes: Any) -> ItemPatched:  # Any: price, stock, status
    return ItemPatched(
        event_id=f"patch-{item_id}-{version}", at_ms=NOON_MS, item_id=ItemId(item_id), source_version=version, **changes
    )


def _removal(item_id: str, *, version: int) -> ItemRemoved:
    return ItemRemoved(
        event_id=f"gone-{item_id}-{version}", at_ms=NOON_MS, item_id=ItemId(item_id), source_version=version
    )


def _eventually(holds: Callable[[], bool]) -> None:
    patience = threading.Event()
    for _ in range(500):
        if holds():
            return
        patience.wait(0.02)
    pytest.fail("it did not happen within ten seconds")
