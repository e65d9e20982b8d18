"""The log layout refuses what the rest of the trainer could not believe, and says where."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from multigrain.errors import InvalidLog
from multigrain.types import ItemStatus
from tests.small_training import small_logs
from trainer.data.logs import (
    CATALOG,
    CATALOG_SCHEMA,
    EVENTS,
    EVENTS_SCHEMA,
    SEARCHES,
    SEARCHES_SCHEMA,
    Logs,
    items_of,
    read_logs,
    write_logs,
)

ITEM = {
    "item_id": "sku-1",
    "title": "red dress",
    "brand": "zara",
    "category_path": ["women", "dresses"],
    "shop": "shop-1",
    "price": 10.0,
    "stock": 3,
    "status": "active",
    "attributes": [("colour", "red")],
    "source_version": 1,
    "listed_ms": 0,
}
SEARCH = {"search_id": "s-1", "user_id": "u-1", "at_ms": 1000, "query": "dress", "exposed_item_ids": ["sku-1"]}
EVENT = {
    "event_id": "e-1",
    "user_id": "u-1",
    "item_id": "sku-1",
    "action": "click",
    "at_ms": 2000,
    "search_id": "s-1",
}


def logs_of(
    *, items: list[Any] | None = None, searches: list[Any] | None = None, events: list[Any] | None = None
) -> Logs:
    return Logs(
        catalog=pa.Table.from_pylist(items or [ITEM], schema=CATALOG_SCHEMA),
        searches=pa.Table.from_pylist(searches or [SEARCH], schema=SEARCHES_SCHEMA),
        events=pa.Table.from_pylist(events or [EVENT], schema=EVENTS_SCHEMA),
    )


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    logs = small_logs()
    write_logs(tmp_path, logs)
    read = read_logs(tmp_path)
    assert read.catalog.equals(logs.catalog)
    assert read.searches.equals(logs.searches)
    assert read.events.equals(logs.events)
    assert read.judgments is None


def test_the_same_logs_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("once", "again"):
        write_logs(tmp_path / name, small_logs())
    for file in (CATALOG, SEARCHES, EVENTS):
        assert (tmp_path / "once" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_a_table_may_be_a_folder_of_part_files(tmp_path: Path) -> None:
    write_logs(tmp_path, logs_of())
    (tmp_path / EVENTS).unlink()
    (tmp_path / EVENTS).mkdir()
    for number, at_ms in enumerate((2000, 3000)):
        row = {**EVENT, "event_id": f"e-{number}", "at_ms": at_ms}
        pq.write_table(pa.Table.from_pylist([row], schema=EVENTS_SCHEMA), tmp_path / EVENTS / f"{number}.parquet")
    assert read_logs(tmp_path).events["at_ms"].to_pylist() == [2000, 3000]


def test_last_ms_is_the_newest_search_or_event() -> None:
    assert logs_of().last_ms == 2000
    assert logs_of(searches=[SEARCH, {**SEARCH, "search_id": "s-2", "at_ms": 5000}]).last_ms == 5000


def test_catalogue_rows_become_items() -> None:
    item = next(items_of(logs_of(items=[{**ITEM, "status": "inactive"}])))
    assert (item.item_id, item.top_category, item.leaf_category) == ("sku-1", "women", "dresses")
    assert item.status is ItemStatus.INACTIVE
    assert item.attributes == {"colour": "red"}


@pytest.mark.parametrize(
    ("table", "change", "named"),
    [
        ("items", {"title": "  "}, "catalog.parquet row 1 column title"),
        ("items", {"price": -0.01}, "catalog.parquet row 1 column price"),
        ("items", {"price": float("nan")}, "catalog.parquet row 1 column price"),
        ("items", {"stock": -1}, "catalog.parquet row 1 column stock"),
        ("items", {"status": "gone"}, "catalog.parquet row 1 column status"),
        ("items", {"category_path": []}, "catalog.parquet row 1 column category_path"),
        ("items", {"item_id": ""}, "catalog.parquet row 1 column item_id"),
        ("items", {"item_id": "é" * 65}, "catalog.parquet row 1 column item_id"),
        ("items", {"item_id": "sku-1"}, "catalog.parquet row 1 column item_id"),
        ("searches", {"search_id": "s-1"}, "searches.parquet row 1 column search_id"),
        ("searches", {"user_id": ""}, "searches.parquet row 1 column user_id"),
        ("events", {"action": "gaze"}, "events.parquet row 1 column action"),
        ("events", {"search_id": "s-9"}, "events.parquet row 1 column search_id"),
        ("events", {"at_ms": 999}, "events.parquet row 1 column at_ms"),
        ("events", {"event_id": "e-1"}, "events.parquet row 1 column event_id"),
    ],
)
def test_a_wrong_row_is_refused_by_file_row_and_column(
    tmp_path: Path, table: str, change: dict[str, object], named: str
) -> None:
    first, fresh = {
        "items": (ITEM, {"item_id": "sku-2"}),
        "searches": (SEARCH, {"search_id": "s-2"}),
        "events": (EVENT, {"event_id": "e-2"}),
    }[table]
    write_logs(tmp_path, logs_of(**{table: [first, {**first, **fresh, **change}]}))
    with pytest.raises(InvalidLog) as refused:
        read_logs(tmp_path)
    assert refused.value.field == named
    assert refused.value.cure


def test_an_event_without_a_search_is_taken(tmp_path: Path) -> None:
    write_logs(tmp_path, logs_of(events=[{**EVENT, "search_id": None}]))
    assert read_logs(tmp_path).events["search_id"].to_pylist() == [None]


def test_a_missing_column_is_named_with_its_type(tmp_path: Path) -> None:
    write_logs(tmp_path, logs_of())
    table = pq.read_table(tmp_path / CATALOG).drop_columns(["shop"])
    pq.write_table(table, tmp_path / CATALOG)
    with pytest.raises(InvalidLog, match=r"catalog\.parquet column shop: is missing: add it as string"):
        read_logs(tmp_path)


def test_a_column_of_another_type_is_refused(tmp_path: Path) -> None:
    write_logs(tmp_path, logs_of())
    table = pq.read_table(tmp_path / EVENTS)
    as_text = table.set_column(4, "at_ms", pa.array(["2000"]))
    pq.write_table(as_text, tmp_path / EVENTS)
    with pytest.raises(InvalidLog, match=r"events\.parquet column at_ms: is string: write it as int64"):
        read_logs(tmp_path)


def test_a_null_id_is_refused(tmp_path: Path) -> None:
    write_logs(tmp_path, logs_of())
    table = pq.read_table(tmp_path / SEARCHES)
    nulled = table.set_column(1, pa.field("user_id", pa.string()), pa.array([None], pa.string()))
    pq.write_table(nulled, tmp_path / SEARCHES)
    with pytest.raises(InvalidLog, match=r"searches\.parquet row 0 column user_id: is null"):
        read_logs(tmp_path)


def test_a_folder_without_logs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match=r"catalog\.parquet: no such file"):
        read_logs(tmp_path)


def test_a_file_that_is_not_parquet_is_refused(tmp_path: Path) -> None:
    write_logs(tmp_path, logs_of())
    (tmp_path / SEARCHES).write_text("search_id,query")
    with pytest.raises(InvalidLog, match=r"searches\.parquet: not a Parquet file"):
        read_logs(tmp_path)
