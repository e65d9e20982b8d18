"""JDsearch: labels become events, gaps become times, runs of a query become searches."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from multigrain.errors import InvalidLog
from tests.unit.trainer.importers.source_files import write_jdsearch
from trainer.data.importers.importer import Imported, Source
from trainer.data.importers.jdsearch import IMPORTER

TEST_MS = 1_672_531_200_000


@pytest.fixture
def imported(tmp_path: Path) -> Imported:
    write_jdsearch(tmp_path)
    return IMPORTER.run(Source(folder=tmp_path))


def test_terms_become_words(imported: Imported) -> None:
    item, nameless = imported.logs.catalog.to_pylist()
    assert (item["title"], item["brand"]) == ("71 72", "81 82")
    assert item["category_path"] == ["61", "62 63", "64", "64"]
    assert (item["shop"], item["attributes"]) == ("33", [("brand_id", "9")])
    assert (nameless["brand"], nameless["shop"]) == ("", "")


def test_a_stronger_label_implies_the_click_and_nothing_else(imported: Imported) -> None:
    events = [row for row in imported.logs.events.to_pylist() if row["search_id"] == "test-0"]
    assert sorted((row["item_id"], row["at_ms"] - TEST_MS, row["action"]) for row in events) == [
        ("501", 1000, "click"),
        ("501", 2000, "order"),
        ("502", 1000, "click"),
        ("502", 2000, "cart"),
        ("503", 1000, "click"),
    ]


def test_all_candidates_were_exposed_to_a_user_of_the_session(imported: Imported) -> None:
    tests = [row for row in imported.logs.searches.to_pylist() if row["search_id"].startswith("test")]
    assert [(row["user_id"], row["at_ms"], row["query"]) for row in tests] == [
        ("user-0", TEST_MS, "71 64"),
        ("user-1", TEST_MS + 1000, "71 64"),
    ]
    assert tests[0]["exposed_item_ids"] == ["501", "502", "503", "504"]


def test_gaps_lead_back_from_the_test_search(imported: Imported) -> None:
    history = [row for row in imported.logs.events.to_pylist() if row["event_id"].startswith("history")]
    # From the end: 500 s before the search, 4000 more, 200 more, 100 more, 60 more.
    assert [(row["action"], row["item_id"], (TEST_MS - row["at_ms"]) // 1000) for row in history] == [
        ("cart", "501", 4860),
        ("click", "777", 4800),
        ("collect", "502", 4700),
        ("order", "501", 4500),
        ("click", "502", 500),
    ]


def test_entries_with_one_query_close_together_are_one_search(imported: Imported) -> None:
    history = [row for row in imported.logs.events.to_pylist() if row["event_id"].startswith("history")]
    # A query-less entry ends the first search, and more than half an hour the second.
    assert [row["search_id"] for row in history] == ["history-0", "history-0", None, "history-3", "history-4"]
    searches = {row["search_id"]: row for row in imported.logs.searches.to_pylist()}
    first = searches["history-0"]
    assert (first["query"], first["at_ms"], first["exposed_item_ids"]) == ("64 65", TEST_MS - 4_860_000, [])
    assert len(searches) == 2 + 3


def test_history_on_unknown_items_is_kept_and_counted(imported: Imported) -> None:
    assert "777" in imported.logs.events["item_id"].to_pylist()
    (remark,) = [remark for remark in imported.remarks if "without product data" in remark.what]
    assert remark.rows == 1


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("candidate_label_list", "1.0_0.0", "has not one label a candidate"),
        ("candidate_label_list", "1.0_0.0_0.5_0.0", "holds an unknown label"),
        ("history_type_list", "CART_CLICK_GAZE_ORD_CLICK", "'GAZE' is unknown"),
        ("history_type_list", "CART", "has 1 entries, 5 belong to history_wid_list"),
        ("history_time_list", "0_60_100_200_4000", "has 5 entries, 6 belong to history_wid_list"),
    ],
)
def test_lists_that_do_not_fit_are_refused(tmp_path: Path, column: str, value: str, problem: str) -> None:
    write_jdsearch(tmp_path, **{column: value})
    with pytest.raises(InvalidLog, match=problem) as refused:
        IMPORTER.run(Source(folder=tmp_path))
    assert refused.value.field == f"user_behavior.parquet row 0 column {column}"


def test_a_gap_that_is_no_number_is_refused(tmp_path: Path) -> None:
    write_jdsearch(tmp_path, history_time_list="0_60_100_200_4000_soon")
    with pytest.raises(InvalidLog, match=r"user_behavior\.parquet column history_time_list"):
        IMPORTER.run(Source(folder=tmp_path))


def test_sessions_without_any_history_are_taken(tmp_path: Path) -> None:
    nothing = {f"history_{name}_list": None for name in ("qry", "wid", "type", "time")}
    write_jdsearch(tmp_path, **nothing)
    logs = IMPORTER.run(Source(folder=tmp_path)).logs
    assert logs.searches["search_id"].to_pylist() == ["test-0", "test-1"]


entries = st.lists(
    st.tuples(st.sampled_from(["-1", "64", "65"]), st.sampled_from([0, 1, 1800, 1801, 86_400])), max_size=8
)


@settings(max_examples=40, deadline=None)
@given(entries, st.integers(0, 10_000))
def test_history_is_what_one_reads_entry_by_entry(history: list[tuple[str, int]], last_gap: int) -> None:
    passed, seconds, searches, expected = 0, [], 0, []
    for number, (query, gap) in enumerate(history):
        passed += gap
        seconds.append(passed)
        goes_on = number > 0 and history[number - 1][0] == query and gap <= 1800
        if query != "-1" and not goes_on:
            search_id = f"history-{number}"
            searches += 1
        expected.append(None if query == "-1" else search_id)
    times = [TEST_MS - (passed + last_gap - second) * 1000 for second in seconds]
    with TemporaryDirectory() as name:
        write_jdsearch(
            Path(name),
            history_qry_list="_".join(query for query, _ in history),
            history_wid_list="_".join("501" for _ in history),
            history_type_list="_".join("CART" for _ in history),
            history_time_list="_".join(str(gap) for gap in [*(gap for _, gap in history), last_gap]),
        )
        logs = IMPORTER.run(Source(folder=Path(name))).logs
    rows = [row for row in logs.events.to_pylist() if row["event_id"].startswith("history")]
    assert [row["at_ms"] for row in rows] == times
    assert [row["search_id"] for row in rows] == expected
    assert len(logs.searches) == 2 + searches
