"""Judged queries as searches: the split by time that the trainer makes is a split by the hash of the query."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from multigrain.features.windows import DAY_MS
from tests.small_training import small_config
from trainer.data.example_rows import read_examples
from trainer.data.examples import write_examples
from trainer.data.importers.judged_searches import FIRST_DAY_MS, place_of, searches_of
from trainer.data.importers.log_tables import catalog_table, judgments_table
from trainer.data.logs import Logs, read_logs, write_logs

PARTS = ("train", "test")
QUERIES = [f"shelf {number}" for number in range(400)]


def judged(*rows: tuple[str, str, float]) -> pa.Table:
    queries, items, grades = zip(*rows, strict=True)
    return judgments_table(query=pa.array(queries), item_id=pa.array(items), grade=pa.array(grades))


def days(judgments: pa.Table) -> dict[str, int]:
    searches, _ = searches_of(judgments)
    return {row["query"]: (row["at_ms"] - FIRST_DAY_MS) // DAY_MS for row in searches.to_pylist()}


EACH_ONE = judged(*((query, "1", 3.0) for query in QUERIES))


def test_seven_tenths_are_for_training_one_for_development_two_for_the_test() -> None:
    counts = Counter(days(EACH_ONE).values())
    assert set(counts) == {0, 1, 2}
    # Binomial: three deviations of 400 queries are 27, 18 and 24.
    assert all(abs(counts[day] - fair) <= off for day, fair, off in ((0, 280, 27), (1, 40, 18), (2, 80, 24)))


def test_the_day_of_a_query_does_not_depend_on_what_else_was_judged() -> None:
    few = judged(*((query, "1", 3.0) for query in QUERIES[:50]))
    assert days(few).items() <= days(EACH_ONE).items()


@pytest.mark.parametrize("other", ["OAK  shelf", "oakshelf", " oak shelf\t", "óak ＳＨＥＬＦ"])
def test_queries_that_differ_in_case_accents_or_spaces_have_one_place(other: str) -> None:
    assert place_of(other)[0] == place_of("oak shelf")[0]


@given(st.text())
def test_every_text_has_a_place(text: str) -> None:
    assert 0 <= place_of(text)[0] < 1


def test_a_hash_that_moves_would_move_queries_between_the_parts() -> None:
    """By hand: SHA-256 of `oakshelf` begins with these twelve hexadecimal digits."""
    assert place_of("Oak Shelf")[0] == int("23753e5a9d7e", 16) / 16**12


def test_only_what_was_judged_good_is_clicked_the_best_first_by_the_one_who_searched() -> None:
    judgments = judged(("oak", "7", 2.0), ("oak", "8", 1.99), ("oak", "9", 3.0), ("hose", "7", 0.0))
    searches, events = searches_of(judgments)
    asked = {row["search_id"]: row for row in searches.to_pylist()}
    assert sorted(row["query"] for row in asked.values()) == ["hose", "oak"], "also a query that nothing is good for"
    assert len({row["user_id"] for row in asked.values()}) == 2
    clicks = sorted(events.to_pylist(), key=lambda row: row["event_id"])
    assert [row["item_id"] for row in clicks] == ["9", "7"]
    for row in clicks:
        search = asked[row["search_id"]]
        assert (row["user_id"], row["at_ms"], row["action"]) == (search["user_id"], search["at_ms"], "click")


@pytest.mark.parametrize(("leave_out_hours", "day"), [(0.0, 2), (24.0, 1)])
def test_the_test_part_of_the_examples_is_one_day(tmp_path: Path, leave_out_hours: float, day: int) -> None:
    searches, events = searches_of(EACH_ONE)
    catalog = catalog_table(item_id=pa.array(["1"]), title=pa.array(["oak shelf"]), shop=pa.array(["shop"]))
    write_logs(tmp_path / "logs", Logs(catalog=catalog, searches=searches, events=events, judgments=EACH_ONE))
    read_logs(tmp_path / "logs")
    (tmp_path / "examples").mkdir()
    write_examples(tmp_path / "logs", tmp_path / "examples", small_config(run={"leave_out_hours": leave_out_hours}))
    of_day = days(EACH_ONE)
    found = {part: {example.query for example in read_examples(tmp_path / "examples", part)} for part in PARTS}
    assert found["test"] == {query for query in QUERIES if of_day[query] == day}
    assert found["train"] == {query for query in QUERIES if of_day[query] < day}
