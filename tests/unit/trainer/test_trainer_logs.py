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
    JUDGMENTS,
    JUDGMENTS_SCHEMA,
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
JUDGMENT = {"query": "dress", "item_id": "sku-1", "grade": 3.0}


def logs_of(
    *,
    items: list[Any] | None = None,
    searches: list[Any] | None = None,
    events: list[Any] | None = None,
    judgments: list[Any] | None = None,
) -> Logs:
    return Logs(
        catalog=pa.Table.from_pylist(items or [ITEM], schema=CATALOG_SCHEMA),
        searches=pa.Table.from_pylist(searches or [SEARCH], schema=SEARCHES_SCHEMA),
        events=pa.Table.from_pylist(events or [EVENT], schema=EVENTS_SCHEMA),
        judgments=pa.Table.from_pylist(judgments or [JUDGMENT], schema=JUDGMENTS_SCHEMA),
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


def test_judgments_of_other_logs_do_not_stay(tmp_path: Path) -> None:
    write_logs(tmp_path, logs_of())
    write_logs(tmp_path, small_logs())
    assert read_logs(tmp_path).judgments is None


def test_part_files_are_not_written_over(tmp_path: Path) -> None:
    _write_parts(tmp_path, [{}])
    with pytest.raises(InvalidLog, match=r"events\.parquet: is a folder of part files"):
        write_logs(tmp_path, logs_of())


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
        ("items", {"category_path": ["women", " "]}, "catalog.parquet row 1 column category_path"),
        ("items", {"price": float("inf")}, "catalog.parquet row 1 column price"),
        ("items", {"listed_ms": -1}, "catalog.parquet row 1 column listed_ms"),
        ("items", {"item_id": ""}, "catalog.parquet row 1 column item_id"),
        ("items", {"item_id": "é" * 65}, "catalog.parquet row 1 column item_id"),
        ("items", {"item_id": "sku-1"}, "catalog.parquet row 1 column item_id"),
        ("searches", {"search_id": "s-1"}, "searches.parquet row 1 column search_id"),
        ("searches", {"user_id": ""}, "searches.parquet row 1 column user_id"),
        ("searches", {"at_ms": 0}, "searches.parquet row 1 column at_ms"),
        ("searches", {"at_ms": 1_760_000_000_000_000}, "searches.parquet row 1 column at_ms"),
        ("searches", {"exposed_item_ids": ["sku-1", ""]}, "searches.parquet row 1 column exposed_item_ids"),
        ("searches", {"exposed_item_ids": ["é" * 65]}, "searches.parquet row 1 column exposed_item_ids"),
        ("events", {"at_ms": -5, "search_id": None}, "events.parquet row 1 column at_ms"),
        ("events", {"action": "gaze"}, "events.parquet row 1 column action"),
        ("events", {"search_id": "s-9"}, "events.parquet row 1 column search_id"),
        ("events", {"at_ms": 999}, "events.parquet row 1 column at_ms"),
        ("events", {"event_id": "e-1"}, "events.parquet row 1 column event_id"),
        ("judgments", {"grade": 3.1}, "judgments.parquet row 1 column grade"),
        ("judgments", {"grade": -0.1}, "judgments.parquet row 1 column grade"),
        ("judgments", {"grade": float("nan")}, "judgments.parquet row 1 column grade"),
        ("judgments", {"item_id": ""}, "judgments.parquet row 1 column item_id"),
    ],
)
def test_a_wrong_row_is_refused_by_file_row_and_column(
    tmp_path: Path, table: str, change: dict[str, object], named: str
) -> None:
    first, fresh = {
        "items": (ITEM, {"item_id": "sku-2"}),
        "searches": (SEARCH, {"search_id": "s-2"}),
        "events": (EVENT, {"event_id": "e-2"}),
        "judgments": (JUDGMENT, {}),
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


def test_a_number_is_not_taken_as_an_id(tmp_path: Path) -> None:
    write_logs(tmp_path, logs_of())
    table = pq.read_table(tmp_path / EVENTS)
    pq.write_table(table.set_column(0, "event_id", pa.array([17.0])), tmp_path / EVENTS)
    with pytest.raises(InvalidLog, match=r"events\.parquet column event_id: is double: write it as string"):
        read_logs(tmp_path)


def test_a_grade_between_two_is_kept(tmp_path: Path) -> None:
    write_logs(tmp_path, logs_of(judgments=[{**JUDGMENT, "grade": 1.625}]))
    judgments = read_logs(tmp_path).judgments
    assert judgments is not None
    assert judgments["grade"].to_pylist() == [1.625]


def test_whole_grades_of_another_type_are_taken(tmp_path: Path) -> None:
    write_logs(tmp_path, logs_of())
    table = pq.read_table(tmp_path / JUDGMENTS)
    pq.write_table(table.set_column(2, "grade", pa.array([2], pa.int32())), tmp_path / JUDGMENTS)
    judgments = read_logs(tmp_path).judgments
    assert judgments is not None
    assert judgments["grade"].to_pylist() == [2.0]


def test_a_search_may_not_know_what_it_showed(tmp_path: Path) -> None:
    write_logs(tmp_path, logs_of(searches=[{**SEARCH, "exposed_item_ids": []}]))
    assert read_logs(tmp_path).searches["exposed_item_ids"].to_pylist() == [[]]


def test_tables_without_rows_are_logs(tmp_path: Path) -> None:
    write_logs(
        tmp_path,
        Logs(
            catalog=CATALOG_SCHEMA.empty_table(),
            searches=SEARCHES_SCHEMA.empty_table(),
            events=EVENTS_SCHEMA.empty_table(),
        ),
    )
    assert read_logs(tmp_path).last_ms == 0


@pytest.mark.parametrize(
    ("file", "column", "value", "problem"),
    [
        (SEARCHES, "exposed_item_ids", ["sku-1", None], "['sku-1', None] holds a null"),
        (SEARCHES, "exposed_item_ids", None, "is null"),
        (CATALOG, "category_path", ["women", None], "['women', None] holds a null"),
        (CATALOG, "attributes", [("colour", None)], "[('colour', None)] holds a null"),
        (JUDGMENTS, "query", None, "is null"),
        (JUDGMENTS, "grade", None, "is null"),
    ],
)
def test_a_null_is_refused_wherever_it_stands(
    tmp_path: Path, file: str, column: str, value: object, problem: str
) -> None:
    write_logs(tmp_path, logs_of())
    _put(tmp_path / file, column, pa.array([value], pq.read_schema(tmp_path / file).field(column).type))
    with pytest.raises(InvalidLog) as refused:
        read_logs(tmp_path)
    assert (refused.value.field, refused.value.problem) == (f"{file} row 0 column {column}", problem)


def test_a_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    write_logs(tmp_path, logs_of())
    latin = pa.StringArray.from_buffers(1, *pa.array([b"caf\xe9"], pa.binary()).buffers()[1:])
    _put(tmp_path / CATALOG, "title", latin)
    with pytest.raises(InvalidLog, match=r"catalog\.parquet row 0 column title: is not UTF-8"):
        read_logs(tmp_path)


def test_a_row_is_named_within_its_part_file(tmp_path: Path) -> None:
    _write_parts(tmp_path, [{}, {"event_id": "e-2"}], [], [{"event_id": "e-3"}, {"event_id": "e-4", "action": "gaze"}])
    with pytest.raises(InvalidLog, match=r"events\.parquet/0002\.parquet row 1 column action: 'gaze' is unknown"):
        read_logs(tmp_path)


def test_a_part_without_a_column_is_named(tmp_path: Path) -> None:
    _write_parts(tmp_path, [{}], [{"event_id": "e-2"}])
    part = tmp_path / EVENTS / "0001.parquet"
    pq.write_table(pq.read_table(part).drop_columns(["search_id"]), part)
    with pytest.raises(InvalidLog, match=r"events\.parquet/0001\.parquet column search_id: is missing"):
        read_logs(tmp_path)


def test_drafts_and_marks_among_the_parts_are_passed_over(tmp_path: Path) -> None:
    _write_parts(tmp_path, [{}])
    (tmp_path / EVENTS / "_SUCCESS").write_text("")
    (tmp_path / EVENTS / ".0001.parquet.unfinished").write_text("half a file")
    assert len(read_logs(tmp_path).events) == 1


def test_a_folder_without_parts_is_refused(tmp_path: Path) -> None:
    _write_parts(tmp_path)
    with pytest.raises(InvalidLog, match=r"events\.parquet: is a folder without part files"):
        read_logs(tmp_path)


def _put(file: Path, column: str, values: pa.Array) -> None:
    table = pq.read_table(file)
    pq.write_table(table.set_column(table.column_names.index(column), column, values), file)


def _write_parts(folder: Path, *parts: list[dict[str, object]]) -> None:
    """Logs whose events are a folder; a part is a list of changes to EVENT."""
    write_logs(folder, logs_of())
    (folder / EVENTS).unlink()
    (folder / EVENTS).mkdir()
    for number, rows in enumerate(parts):
        table = pa.Table.from_pylist([{**EVENT, **change} for change in rows], schema=EVENTS_SCHEMA)
        pq.write_table(table, folder / EVENTS / f"{number:04d}.parquet")


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
