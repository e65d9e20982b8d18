"""What makes a row of a log wrong. Each check looks at whole columns and marks rows; what becomes of them is not
decided here.

The order matters: a check is asked only about rows that all earlier ones took, so none but the first sees a null, and
of two rows with one id the first good one counts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from multigrain.types import ID_BYTES_MAX, Bools
from trainer.data.log_marks import (
    blank,
    empty,
    list_length,
    not_in_range,
    not_one_of,
    null,
    null_in_map,
    row_in,
    seen_before,
    too_long,
    undecodable,
    within,
)

GRADE_MAX = 3.0
AFTER_YEAR_9999_MS = 253_402_300_800_000
"""The first millisecond that calendars cannot write. Times in micro- or nanoseconds lie beyond it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One way for a row to be wrong, `[rows] -> [rows]` true where it is."""

    column: str
    problem: str
    cure: str
    find: Callable[[pa.Table], Bools]


def column_check(column: str, problem: str, cure: str, find: Callable[[pa.ChunkedArray], Bools]) -> Check:
    """A check that looks at no other column."""
    return Check(column=column, problem=problem, cure=cure, find=lambda table: find(table[column]))


def value_checks(schema: pa.Schema) -> list[Check]:
    """Of any table: no null where a value is needed, in lists neither, and texts that are UTF-8."""
    checks = []
    for field in schema:
        if not field.nullable:
            checks.append(column_check(field.name, "is null", "every row needs a value here", null))
        if pa.types.is_string(field.type) or pa.types.is_nested(field.type):
            checks.append(column_check(field.name, "is not UTF-8", "write texts as UTF-8", undecodable))
        if pa.types.is_list(field.type):
            checks.append(column_check(field.name, "holds a null", "leave it out of the list", within(null)))
        if pa.types.is_map(field.type):
            checks.append(column_check(field.name, "holds a null", "leave the key out", null_in_map))
    return checks


def catalog_checks(schema: pa.Schema, statuses: tuple[str, ...]) -> list[Check]:
    return [
        *value_checks(schema),
        *_id_checks("item_id"),
        column_check("title", "is empty", "an item without a title cannot be found", blank),
        column_check(
            "category_path", "is empty", "name at least a top category", lambda column: list_length(column) == 0
        ),
        column_check("category_path", "holds an empty name", "leave out levels without a name", within(blank)),
        column_check("price", "is not a price", "zero or more, in one currency", not_in_range(0, np.inf)),
        column_check("stock", "is negative", "zero means sold out", lambda column: column.to_numpy() < 0),
        column_check("status", "is unknown", f"one of {', '.join(statuses)}", not_one_of(statuses)),
        *_time_checks("listed_ms", earliest=0),
        _once("item_id"),
    ]


def search_checks(schema: pa.Schema) -> list[Check]:
    exposed = "exposed_item_ids"
    return [
        *value_checks(schema),
        *_id_checks("search_id"),
        *_id_checks("user_id"),
        *_time_checks("at_ms", earliest=1),
        column_check(exposed, "holds an empty id", "leave it out of the list", within(empty)),
        column_check(exposed, "holds an id that is too long", _ID_CURE, within(too_long)),
        _once("search_id"),
    ]


def event_checks(schema: pa.Schema, actions: tuple[str, ...], searches: pa.Table) -> list[Check]:
    """`searches`: those that were taken. An event whose search was not is wrong, too."""
    return [
        *value_checks(schema),
        *_id_checks("event_id"),
        *_id_checks("user_id"),
        *_id_checks("item_id"),
        column_check("action", "is unknown", f"one of {', '.join(actions)}", not_one_of(actions)),
        *_time_checks("at_ms", earliest=1),
        column_check(
            "search_id",
            "names no search",
            "keep the search in searches.parquet, or write null",
            lambda column: column.is_valid().to_numpy() & (row_in(column, searches["search_id"]) < 0),
        ),
        Check(
            column="at_ms",
            problem="is before its search",
            cure="times of searches and events need one clock",
            find=_before_search(searches),
        ),
        _once("event_id"),
    ]


def judgment_checks(schema: pa.Schema) -> list[Check]:
    cure = f"0 (irrelevant) to {GRADE_MAX:g} (exact)"
    return [
        *value_checks(schema),
        *_id_checks("item_id"),
        column_check("grade", "is not a grade", cure, not_in_range(0, GRADE_MAX)),
    ]


_ID_CURE = f"at most {ID_BYTES_MAX} bytes of UTF-8"


def _id_checks(column: str) -> tuple[Check, ...]:
    return (
        column_check(column, "is empty", "every row needs an id", empty),
        column_check(column, "is too long", _ID_CURE, too_long),
    )


def _time_checks(column: str, *, earliest: int) -> tuple[Check, ...]:
    """`earliest` 1: it must have happened; 0: zero may stand for a time that nobody wrote down."""
    after = "after 1970" if earliest else "in 1970 or later"
    unit = "times are milliseconds since 1970, UTC"
    return (
        column_check(column, f"is not {after}", unit, lambda times: times.to_numpy() < earliest),
        column_check(column, "is after the year 9999", unit, lambda times: times.to_numpy() >= AFTER_YEAR_9999_MS),
    )


def _once(column: str) -> Check:
    return column_check(column, "stands here a second time", "keep one row for each", seen_before)


def _before_search(searches: pa.Table) -> Callable[[pa.Table], Bools]:
    def find(events: pa.Table) -> Bools:
        row = row_in(events["search_id"], searches["search_id"])
        searched_ms = np.full(len(events), np.iinfo(np.int64).min)
        searched_ms[row >= 0] = searches["at_ms"].to_numpy()[row[row >= 0]]
        early: Bools = events["at_ms"].to_numpy() < searched_ms
        return early

    return find
