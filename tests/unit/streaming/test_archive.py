"""What was streamed is in the archive's folder, each event once: whatever is sent twice, late, or between two rolls."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.catalog.catalog import SqlCatalogue
from multigrain.errors import InvalidConfig, LogUnavailable
from multigrain.events import BehaviorEvent, ItemPatched, ItemRemoved
from multigrain.settings import ArchiveSettings
from multigrain.types import ItemId, ItemStatus
from streaming.archive.catalogue import snapshot_catalogue
from streaming.archive.chore import archive_chore
from streaming.archive.durable import DEAD_AFTER_MS
from streaming.archive.layout import EVENTS, TABLES
from streaming.archive.parts import parts_of
from streaming.archive.roll import TAKE_OVER_MS, RollLimits, is_due, roll, roll_all
from streaming.archive.staging import Waiting
from tests.builders import NOON_MS, a_click, a_search, an_item, an_upsert
from tests.unit.streaming.archived import (
    ONE_ROLL,
    SMALL_ROLLS,
    ArchivingStream,
    an_archiving_stream,
    expected,
    histories,
    rows_in,
    rows_of,
)
from trainer.data.logs import Logs, items_of, read_logs


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ArchivingStream]:
    stream = an_archiving_stream(tmp_path)
    yield stream
    stream.engine.dispose()


def roll_everything(shop: ArchivingStream, *, small: bool = False) -> int:
    limits = SMALL_ROLLS if small else ONE_ROLL
    return sum(1 for _ in roll_all(shop.staging, shop.folder, limits, shop.now_ms))


def read_back(shop: ArchivingStream) -> Logs:
    """As the trainer reads it."""
    snapshot_catalogue(SqlCatalogue(shop.engine), shop.folder, shop.now_ms)
    return read_logs(shop.folder)


# What is in the files


@given(history=histories(), batch=st.integers(1, 12), rolled_after=st.integers(0, 25))
@settings(max_examples=20, deadline=None)
def test_the_trainer_reads_exactly_what_was_streamed(
    tmp_path_factory: pytest.TempPathFactory, history: list[BehaviorEvent], batch: int, rolled_after: int
) -> None:
    shop = an_archiving_stream(tmp_path_factory.mktemp("shop"))
    shop.stream(history[:rolled_after], batch=batch)
    roll_everything(shop, small=True)
    shop.stream([an_upsert(an_item(99)), *history[rolled_after:]], batch=batch)
    roll_everything(shop)

    logs = read_back(shop)

    assert Counter([*rows_in(logs.searches), *rows_in(logs.events)]) == expected(history)
    shop.engine.dispose()


def test_an_event_that_is_sent_again_after_its_roll_is_not_archived_again(shop: ArchivingStream) -> None:
    shop.stream([a_search("red dress"), a_click("sku-1")])
    roll_everything(shop)
    shop.stream([a_click("sku-1"), a_search("red dress")])
    roll_everything(shop)

    assert shop.filed() == expected([a_search("red dress"), a_click("sku-1")])


def test_rows_of_a_file_are_in_order_of_time(shop: ArchivingStream) -> None:
    shop.stream([a_click(f"sku-{minutes}", minutes_ago=minutes) for minutes in (3, 9, 1, 7)], batch=2)
    roll_everything(shop)

    (part,) = parts_of(shop.folder, EVENTS)
    assert [row[2] for row in rows_of(part)] == ["sku-9", "sku-7", "sku-3", "sku-1"]


def test_a_rolls_files_say_its_number_and_its_first_and_last_time(shop: ArchivingStream) -> None:
    shop.stream([a_search(minutes_ago=60), a_click(minutes_ago=1)])
    roll_everything(shop)

    names = {table.name: [part.name for part in parts_of(shop.folder, table)] for table in TABLES}
    name = "00000001-20261105T110000000-20261105T115900000.parquet"
    assert names == {"searches": [name], "events": [name]}


def test_a_table_without_rows_can_be_read_all_the_same(shop: ArchivingStream) -> None:
    shop.stream([a_click("sku-1")])
    roll_everything(shop)

    logs = read_back(shop)
    assert (len(logs.searches), len(logs.events)) == (0, 1)


def test_a_younger_database_does_not_overwrite_the_files_of_an_older_one(shop: ArchivingStream) -> None:
    shop.keep(a_click("sku-1"))
    shop.keep(a_click("sku-2"))
    roll_everything(shop, small=True)
    shop.empty()
    shop.keep(a_click("sku-1", user_id="user-2"))
    roll_everything(shop)

    clicks = [a_click("sku-1"), a_click("sku-2"), a_click("sku-1", user_id="user-2")]
    assert shop.filed() == expected(clicks)
    assert [part.name[:8] for part in parts_of(shop.folder, EVENTS)] == ["00000001", "00000002", "00000003"]


# When it is rolled


def test_nothing_staged_makes_no_file(shop: ArchivingStream) -> None:
    assert roll(shop.staging, shop.folder, ONE_ROLL, shop.now_ms) is None
    assert not shop.folder.exists()


def test_a_roll_takes_no_more_than_its_size_and_at_least_one_batch(shop: ArchivingStream) -> None:
    for number in range(5):
        shop.keep(a_click(f"sku-{number}"))

    assert roll_everything(shop, small=True) == 5
    assert [len(rows_of(part)) for part in parts_of(shop.folder, EVENTS)] == [1] * 5


@pytest.mark.parametrize(
    ("waited_ms", "size_bytes", "due"), [(59_999, 999, False), (60_000, 999, True), (0, 1000, True)]
)
def test_a_roll_is_due_when_enough_is_staged_or_waited_long_enough(
    shop: ArchivingStream, waited_ms: int, size_bytes: int, due: bool
) -> None:
    waiting = Waiting(batches=1, rows=1, size_bytes=size_bytes, oldest_ms=NOON_MS, taken_ms=None)
    assert is_due(waiting, RollLimits(size_bytes=1000, age_ms=60_000), NOON_MS + waited_ms) is due


def test_the_chore_rolls_what_is_due_and_leaves_the_rest(shop: ArchivingStream) -> None:
    chore = archive_chore(shop.engine, ArchiveSettings(dir=shop.folder, roll_minutes=1), lambda: shop.now_ms)
    shop.keep(a_click("sku-1"))
    chore()
    assert shop.filed() == expected([])

    shop.now_ms += 60_000
    chore()
    assert shop.filed() == expected([a_click("sku-1")])
    assert shop.staging.waiting().batches == 0


def test_the_chore_leaves_a_roll_that_another_works_on_and_takes_it_over_when_that_one_is_dead(
    shop: ArchivingStream,
) -> None:
    chore = archive_chore(shop.engine, ArchiveSettings(dir=shop.folder, roll_minutes=1), lambda: shop.now_ms)
    shop.keep(a_click("sku-1"))
    shop.staging.take(bytes_max=1, above=0, now_ms=NOON_MS)

    shop.now_ms = NOON_MS + TAKE_OVER_MS - 1
    chore()
    assert shop.filed() == expected([])
    shop.now_ms += 1
    chore()
    assert shop.filed() == expected([a_click("sku-1")])


def test_a_folder_that_cannot_be_written_keeps_the_rows_in_sql(
    shop: ArchivingStream, caplog: pytest.LogCaptureFixture
) -> None:
    shop.folder.write_text("a file stands in the way")
    chore = archive_chore(shop.engine, ArchiveSettings(dir=shop.folder, roll_minutes=1), lambda: shop.now_ms)
    shop.keep(a_click("sku-1"))
    shop.now_ms += TAKE_OVER_MS

    chore()
    assert "the archive waits" in caplog.text
    with pytest.raises(LogUnavailable, match=r"archive.*: make room, or give the right to write"):
        roll_everything(shop)
    assert shop.waiting() == expected([a_click("sku-1")])

    shop.folder.unlink()
    roll_everything(shop)
    assert shop.filed() == expected([a_click("sku-1")])


def test_an_archive_without_a_folder_is_refused(shop: ArchivingStream) -> None:
    with pytest.raises(InvalidConfig, match=r"archive\.dir: is not set") as raised:
        archive_chore(shop.engine, ArchiveSettings(), lambda: NOON_MS)
    assert raised.value.field == "archive.dir"


# Drafts


def test_a_reader_sees_no_drafts_and_dead_ones_are_removed(shop: ArchivingStream) -> None:
    shop.keep(a_search("red dress"), a_click("sku-1"))
    roll_everything(shop)
    drafts = [shop.folder / table.folder / ".00000002-x.parquet.1234.unfinished" for table in TABLES]
    for draft in drafts:
        draft.write_bytes(b"PAR1 half of")
    assert len(read_back(shop).events) == 1

    shop.now_ms = int(max(draft.stat().st_mtime for draft in drafts) * 1000) + DEAD_AFTER_MS - 10_000
    shop.keep(a_click("sku-2"))
    roll_everything(shop)
    assert all(draft.exists() for draft in drafts)

    shop.now_ms += 20_000
    shop.keep(a_click("sku-3"))
    roll_everything(shop)
    assert shop.hidden() == []


# The catalogue


def test_the_snapshot_is_the_catalogue_as_it_is(shop: ArchivingStream) -> None:
    attributes = {"colour": "红", "brand_synonyms": "阿迪达斯"}
    shop.stream(
        [
            an_upsert(an_item(1, attributes=attributes)),
            an_upsert(an_item(2)),
            an_upsert(an_item(3)),
            ItemPatched(
                event_id="p",
                at_ms=NOON_MS,
                item_id=ItemId("sku-2"),
                source_version=2,
                price=7.5,
                stock=0,
                status=ItemStatus.INACTIVE,
            ),
            ItemRemoved(event_id="r", at_ms=NOON_MS, item_id=ItemId("sku-3"), source_version=2),
        ]
    )
    for table in TABLES:
        (shop.folder / table.folder).mkdir(parents=True)
        pq.write_table(table.schema.empty_table(), shop.folder / table.folder / "0.parquet")

    logs = read_back(shop)

    patched = an_item(2, price=7.5, stock=0, status=ItemStatus.INACTIVE, source_version=2)
    assert list(items_of(logs)) == [an_item(1, attributes=attributes), patched]
    assert logs.catalog["listed_ms"].to_pylist() == [0, 0]


def test_a_snapshot_takes_the_place_of_the_one_before(shop: ArchivingStream) -> None:
    shop.stream([an_upsert(an_item(1))])
    assert snapshot_catalogue(SqlCatalogue(shop.engine), shop.folder, NOON_MS) == 1
    shop.stream([an_upsert(an_item(2))])
    assert snapshot_catalogue(SqlCatalogue(shop.engine), shop.folder, NOON_MS) == 2

    assert [path.name for path in shop.folder.iterdir()] == ["catalog.parquet"]
