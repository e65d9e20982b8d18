"""Reading leniently: the good rows are read, the others lie in a folder with their place and reason."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.errors import InvalidLog
from trainer.data.bad_rows import RejectedRows
from trainer.data.logs import (
    CATALOG_SCHEMA,
    EVENTS,
    EVENTS_SCHEMA,
    SEARCHES,
    SEARCHES_SCHEMA,
    Logs,
    read_logs,
    read_logs_leniently,
    write_logs,
)

Row = dict[str, object]

SEARCH: Row = {"search_id": "s-1", "user_id": "u-1", "at_ms": 1000, "query": "dress", "exposed_item_ids": ["sku-1"]}
EVENT: Row = {
    "event_id": "e-1",
    "user_id": "u-1",
    "item_id": "sku-1",
    "action": "click",
    "at_ms": 2000,
    "search_id": "s-1",
}


def write_rows(folder: Path, searches: Sequence[Row], *event_parts: Sequence[Row]) -> None:
    """Writes what a careless shop would: without the checks of write_logs."""
    for file, schema, parts in ((SEARCHES, SEARCHES_SCHEMA, [searches]), (EVENTS, EVENTS_SCHEMA, event_parts)):
        (folder / file).mkdir(parents=True)
        nullable = pa.schema([field.with_nullable(True) for field in schema])
        for number, rows in enumerate(parts):
            table = pa.Table.from_pylist(list(rows), schema=nullable)
            pq.write_table(table, folder / file / f"{number:04d}.parquet")
    pq.write_table(CATALOG_SCHEMA.empty_table(), folder / "catalog.parquet")


def test_bad_rows_lie_aside_with_their_file_row_and_reason(tmp_path: Path) -> None:
    late = {**EVENT, "event_id": "e-2", "at_ms": 999}
    odd = {**EVENT, "event_id": "e-3", "action": "gaze"}
    write_rows(tmp_path, [SEARCH], [EVENT, late], [odd])
    logs, rejected = read_logs_leniently(tmp_path, tmp_path / "rejected")
    assert logs.events.to_pylist() == [EVENT]
    assert pq.read_table(tmp_path / "rejected" / EVENTS).to_pylist() == [
        {**late, "file": "events.parquet/0000.parquet", "row": 1, "reason": "at_ms is before its search"},
        {**odd, "file": "events.parquet/0001.parquet", "row": 0, "reason": "action is unknown"},
    ]
    assert rejected.rows == 2


def test_reasons_are_counted_for_each_table(tmp_path: Path) -> None:
    events = [{**EVENT, "event_id": f"e-{number}", "action": "gaze"} for number in range(3)]
    write_rows(tmp_path, [SEARCH, {**SEARCH, "search_id": ""}], [EVENT, {**EVENT, "event_id": None}, *events])
    _, rejected = read_logs_leniently(tmp_path, tmp_path / "rejected")
    assert rejected.reasons == (
        RejectedRows(SEARCHES, "search_id is empty", 1),
        RejectedRows(EVENTS, "action is unknown", 3),
        RejectedRows(EVENTS, "event_id is null", 1),
    )


def test_an_event_goes_with_its_search(tmp_path: Path) -> None:
    write_rows(tmp_path, [{**SEARCH, "user_id": ""}], [EVENT, {**EVENT, "event_id": "e-2", "search_id": None}])
    logs, _ = read_logs_leniently(tmp_path, tmp_path / "rejected")
    assert logs.events["event_id"].to_pylist() == ["e-2"]


def test_of_two_searches_with_one_id_the_first_good_one_counts(tmp_path: Path) -> None:
    bad, first, second = ({**SEARCH, "query": query} for query in ("bad", "first", "second"))
    write_rows(tmp_path, [{**bad, "user_id": None}, first, second], [EVENT])
    logs, _ = read_logs_leniently(tmp_path, tmp_path / "rejected")
    assert logs.searches["query"].to_pylist() == ["first"]
    assert logs.events["event_id"].to_pylist() == ["e-1"]


def test_good_logs_leave_nothing_aside_not_even_of_an_earlier_run(tmp_path: Path) -> None:
    (tmp_path / "rejected").mkdir()
    (tmp_path / "rejected" / EVENTS).write_text("of an earlier run")
    write_rows(tmp_path, [SEARCH], [EVENT])
    _, rejected = read_logs_leniently(tmp_path, tmp_path / "rejected")
    assert rejected.reasons == ()
    assert not (tmp_path / "rejected" / EVENTS).exists()


def test_a_missing_column_is_refused_all_the_same(tmp_path: Path) -> None:
    write_rows(tmp_path, [SEARCH], [EVENT])
    part = tmp_path / SEARCHES / "0000.parquet"
    pq.write_table(pq.read_table(part).drop_columns(["query"]), part)
    with pytest.raises(InvalidLog, match="column query: is missing"):
        read_logs_leniently(tmp_path, tmp_path / "rejected")


IDS = st.sampled_from(["a", "b", "c", "", "x" * 129, None])
TIMES = st.sampled_from([-1, 0, 5, 6, 7, 10**15, None])
search_rows = st.lists(
    st.fixed_dictionaries(
        {
            "search_id": IDS,
            "user_id": IDS,
            "at_ms": TIMES,
            "query": st.sampled_from(["q", None]),
            "exposed_item_ids": st.none() | st.lists(IDS, max_size=2),
        }
    ),
    max_size=6,
)
event_rows = st.lists(
    st.fixed_dictionaries(
        {
            "event_id": st.sampled_from(["e", "f", "g", "h", "", None]),
            "user_id": st.just("u"),
            "item_id": IDS,
            "action": st.sampled_from(["click", "order", "gaze", None]),
            "at_ms": TIMES,
            "search_id": IDS,
        }
    ),
    max_size=8,
)


def is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.encode()) <= 128


def is_time(value: object) -> bool:
    return isinstance(value, int) and 0 < value < 253_402_300_800_000


def is_good_search(row: Row) -> bool:
    shown = row["exposed_item_ids"]
    ids = is_id(row["search_id"]) and is_id(row["user_id"])
    return ids and is_time(row["at_ms"]) and row["query"] == "q" and isinstance(shown, list) and all(map(is_id, shown))


def is_good_event(row: Row, searched_ms: dict[object, int]) -> bool:
    at_ms = row["at_ms"]
    if not (is_id(row["event_id"]) and is_id(row["item_id"]) and row["action"] in ("click", "order")):
        return False
    if not isinstance(at_ms, int) or not is_time(at_ms):
        return False
    if row["search_id"] is None:
        return True
    return row["search_id"] in searched_ms and searched_ms[row["search_id"]] <= at_ms


def first_of_each(rows: list[Row], key: str) -> list[Row]:
    seen: set[object] = set()
    return [row for row in rows if not (row[key] in seen or seen.add(row[key]))]


@settings(max_examples=50, deadline=None)
@given(search_rows, st.lists(event_rows, min_size=1, max_size=3))
def test_what_is_kept_is_what_a_slow_reader_keeps_and_nothing_is_lost(
    searches: list[Row], event_parts: list[list[Row]]
) -> None:
    good_searches = first_of_each([row for row in searches if is_good_search(row)], "search_id")
    searched_ms = {row["search_id"]: int(str(row["at_ms"])) for row in good_searches}
    events = [row for part in event_parts for row in part]
    good_events = first_of_each([row for row in events if is_good_event(row, searched_ms)], "event_id")
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder, searches, *event_parts)
        logs, rejected = read_logs_leniently(folder, folder / "rejected")
        assert logs.searches.to_pylist() == good_searches
        assert logs.events.to_pylist() == good_events
        assert rejected.rows == len(searches) + len(events) - len(good_searches) - len(good_events)
        for row in _aside(folder):
            part = event_parts[int(str(row["file"])[-12:-8])]
            assert {name: row[name] for name in EVENT} == part[int(str(row["row"]))]
        assert _is_taken_strictly(folder) == (rejected.rows == 0)
        write_logs(folder / "clean", logs)
        assert _same(read_logs(folder / "clean"), logs)


def _aside(folder: Path) -> list[Row]:
    file = folder / "rejected" / EVENTS
    rows: list[Row] = pq.read_table(file).to_pylist() if file.exists() else []
    return rows


def _is_taken_strictly(folder: Path) -> bool:
    try:
        read_logs(folder)
    except InvalidLog:
        return False
    return True


def _same(some: Logs, other: Logs) -> bool:
    return bool(some.searches.equals(other.searches) and some.events.equals(other.events))
