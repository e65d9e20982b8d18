"""What both SQL stores promise of the archive's staging, and of two that roll at the same time."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import sqlalchemy as sa

from multigrain import database
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.events import PROBE_USER, BehaviorEvent, Searched
from streaming.archive.catalogue import snapshot_catalogue
from streaming.archive.layout import EVENTS, SEARCHES, TABLES, LogTable
from streaming.archive.packing import unpack
from streaming.archive.parts import parts_of
from streaming.archive.roll import RollLimits, roll_all
from streaming.archive.staged import StagedArchive
from streaming.archive.staging import Roll, Staging, Waiting
from tests.builders import NOON_MS, a_click, a_search, an_item, an_upsert
from tests.contract.stores import rolled_back
from tests.unit.streaming.archived import ArchivingStream, expected, rows_in, rows_of
from trainer.data.logs import read_logs

EACH_BATCH = RollLimits(size_bytes=1, age_ms=60_000)
FIRST_MS = NOON_MS - 600_000


def keep(engine: sa.Engine, *events: BehaviorEvent) -> None:
    with database.writing(engine) as connection:
        StagedArchive(lambda: NOON_MS).keep(connection, events)


def take(staging: Staging, *, bytes_max: int = 1 << 20, above: int = 0) -> Roll | None:
    return staging.take(bytes_max=bytes_max, above=above, now_ms=NOON_MS)


def roll_each_batch(engine: sa.Engine, folder: Path) -> None:
    for _ in roll_all(Staging(engine), folder, EACH_BATCH, NOON_MS):
        pass


def rows_of_roll(staging: Staging, roll: Roll | None, table: LogTable) -> list[tuple[object, ...]]:
    assert roll is not None
    packets = [packet.packed for packet in staging.packets_of(roll) if packet.table_name == table.name]
    return rows_in(unpack(table, packets))


def test_what_is_staged_goes_with_its_transaction(engine: sa.Engine) -> None:
    with rolled_back(engine) as connection:
        StagedArchive(lambda: NOON_MS).keep(connection, [a_search(), a_click()])

    assert Staging(engine).waiting() == Waiting(batches=0, rows=0, size_bytes=0, oldest_ms=None, taken_ms=None)


def test_a_batch_without_news_stages_nothing(engine: sa.Engine) -> None:
    keep(engine)
    assert Staging(engine).waiting().batches == 0


def test_what_a_probe_does_is_not_learned_from(engine: sa.Engine) -> None:
    keep(engine, a_search(user_id=PROBE_USER), a_click(user_id=PROBE_USER))
    assert Staging(engine).waiting().rows == 0


def test_each_table_of_a_batch_is_one_row(engine: sa.Engine) -> None:
    keep(engine, a_click("sku-1"), a_search(), a_click("sku-2"))

    waiting = Staging(engine).waiting()
    assert (waiting.batches, waiting.rows, waiting.oldest_ms) == (2, 3, NOON_MS)
    assert waiting.size_bytes > 0


def test_rows_come_back_as_the_events_said(engine: sa.Engine) -> None:
    events = [a_search("红 dress", exposed=("sku-1", "sku-2")), a_search("", user_id="user-2"), a_click("sku-1")]
    keep(engine, *events)

    roll = take(Staging(engine))

    assert roll == Roll(number=1, first_ms=FIRST_MS, last_ms=FIRST_MS)
    assert Counter(row for table in TABLES for row in rows_of_roll(Staging(engine), roll, table)) == expected(events)


def test_an_unfinished_roll_is_given_again_until_it_is_forgotten(engine: sa.Engine) -> None:
    staging = Staging(engine)
    keep(engine, a_click("sku-1"))
    first = take(staging)
    keep(engine, a_click("sku-2"))

    assert first is not None
    assert take(staging) == first
    assert staging.waiting().taken_ms == NOON_MS
    staging.forget(first)
    assert staging.packets_of(first) == []
    assert staging.waiting().taken_ms is None
    second = take(staging)
    assert second is not None
    assert second.number == 2
    assert len(rows_of_roll(staging, second, EVENTS)) == 1


def test_a_roll_takes_the_oldest_batches_that_fit(engine: sa.Engine) -> None:
    staging = Staging(engine)
    keep(engine, a_search("red"))
    size = staging.waiting().size_bytes
    keep(engine, a_click("sku-1"))
    keep(engine, a_click("sku-2"))

    roll = take(staging, bytes_max=size)

    assert [len(rows_of_roll(staging, roll, table)) for table in (SEARCHES, EVENTS)] == [1, 0]


def test_numbers_grow_beyond_what_is_in_the_folder(engine: sa.Engine) -> None:
    staging = Staging(engine)
    keep(engine, a_click("sku-1"))
    roll = take(staging, above=41)
    assert roll is not None
    assert roll.number == 42


def test_two_that_roll_at_once_while_the_stream_goes_on_make_one_file_of_each_row(
    engine: sa.Engine, tmp_path: Path
) -> None:
    events = [a_click(f"sku-{number}", minutes_ago=number) for number in range(12)]
    done = Event()

    def roll_until_done() -> None:
        while not done.is_set():
            roll_each_batch(engine, tmp_path)

    with ThreadPoolExecutor(2) as threads:
        rolling = [threads.submit(roll_until_done) for _ in range(2)]
        for event in events:
            keep(engine, event)
        done.set()
        for one in rolling:
            one.result()
    roll_each_batch(engine, tmp_path)

    assert ArchivingStream(engine, tmp_path).filed() == expected(events)
    assert len(parts_of(tmp_path, EVENTS)) == len(events)


def test_what_the_consumer_took_is_what_the_trainer_reads(engine: sa.Engine, tmp_path: Path) -> None:
    shop = ArchivingStream(engine, tmp_path / "archive")
    search = a_search("red dress", exposed=("sku-1", "sku-2"))
    events = [search, _click_of(search, 1), a_click("sku-9", user_id="user-2"), a_click("sku-3", minutes_ago=3000)]

    shop.stream([an_upsert(an_item(99)), *events, events[1]], batch=2)
    roll_each_batch(engine, shop.folder)
    shop.stream([events[2], search], batch=1)
    roll_each_batch(engine, shop.folder)
    snapshot_catalogue(SqlCatalogue(engine), shop.folder, NOON_MS)

    logs = read_logs(shop.folder)
    assert Counter([*rows_in(logs.searches), *rows_in(logs.events)]) == expected(events)
    assert logs.catalog["item_id"].to_pylist() == ["sku-99"]


def test_a_search_is_never_rolled_after_an_event_of_it(engine: sa.Engine, tmp_path: Path) -> None:
    for number in range(6):
        search = a_search(f"dress {number}", minutes_ago=20 - number)
        keep(engine, search)
        keep(engine, _click_of(search, number))
    for _ in roll_all(Staging(engine), tmp_path, EACH_BATCH, NOON_MS):
        searched = {row[0] for row in _rows(tmp_path, SEARCHES)}
        assert {row[5] for row in _rows(tmp_path, EVENTS)} <= searched


def _click_of(search: Searched, number: int) -> BehaviorEvent:
    return replace(a_click(event_id=f"c-{number}"), search_id=search.search_id)


def _rows(folder: Path, table: LogTable) -> list[tuple[object, ...]]:
    return [row for part in parts_of(folder, table) for row in rows_of(part)]
