"""What makes a row of a log wrong. Each check looks at whole columns and names the first row it finds."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from multigrain.errors import InvalidLog
from multigrain.types import ID_BYTES_MAX, Bools

GRADES = range(4)


def fit_to_schema(table: pa.Table, schema: pa.Schema, file: str) -> pa.Table:
    """`table` with exactly the columns and types of `schema`; columns that the layout does not know are left out."""
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            raise InvalidLog(f"{file} column {field.name}", "is missing", cure=f"add it as {field.type}")
        column = table[field.name]
        if column.type != field.type:
            column = _cast(column, field, file)
        if not field.nullable and column.null_count:
            row = int(np.flatnonzero(column.is_null().to_numpy())[0])
            raise InvalidLog(_at(file, row, field.name), "is null", cure="every row needs a value here")
        columns.append(column)
    return pa.table(columns, schema=schema)


def check_catalog(table: pa.Table, file: str, statuses: tuple[str, ...]) -> pa.Table:
    _check_ids(table, file, "item_id", unique=True)
    _refuse(_blank(table["title"]), table, file, "title", "is empty", "an item without a title cannot be found")
    price = table["price"].to_numpy()
    _refuse(
        ~(np.isfinite(price) & (price >= 0)), table, file, "price", "is not a price", "zero or more, in one currency"
    )
    _refuse(table["stock"].to_numpy() < 0, table, file, "stock", "is negative", "zero means sold out")
    _refuse(_not_in(table["status"], statuses), table, file, "status", "is unknown", f"one of {', '.join(statuses)}")
    depth = _numbers(pc.list_value_length(table["category_path"]))
    _refuse(depth == 0, table, file, "category_path", "is empty", "name at least a top category")
    return table


def check_searches(table: pa.Table, file: str) -> pa.Table:
    _check_ids(table, file, "search_id", unique=True)
    _check_ids(table, file, "user_id")
    return table


def check_events(table: pa.Table, file: str, actions: tuple[str, ...], searches: pa.Table) -> pa.Table:
    _check_ids(table, file, "event_id", unique=True)
    _check_ids(table, file, "user_id")
    _check_ids(table, file, "item_id")
    _refuse(_not_in(table["action"], actions), table, file, "action", "is unknown", f"one of {', '.join(actions)}")
    found = pc.index_in(table["search_id"], value_set=searches["search_id"].combine_chunks())
    named = table["search_id"].is_valid().to_numpy()
    lost = named & found.is_null().to_numpy()
    _refuse(lost, table, file, "search_id", "names no search", "keep the search in searches.parquet, or write null")
    rows = np.flatnonzero(named)
    searched_ms = searches["at_ms"].to_numpy()[found.drop_null().to_numpy()]
    early = np.zeros(len(table), bool)
    early[rows] = searched_ms > table["at_ms"].to_numpy()[rows]
    _refuse(early, table, file, "at_ms", "is before its search", "times of searches and events need one clock")
    return table


def check_judgments(table: pa.Table, file: str) -> pa.Table:
    _check_ids(table, file, "item_id")
    bad = ~np.isin(table["grade"].to_numpy(), list(GRADES))
    _refuse(bad, table, file, "grade", "is unknown", f"{GRADES.start} (bad) to {GRADES.stop - 1} (exact)")
    return table


def _check_ids(table: pa.Table, file: str, column: str, *, unique: bool = False) -> None:
    size = _numbers(pc.binary_length(table[column]))
    _refuse(size == 0, table, file, column, "is empty", "every row needs an id")
    _refuse(size > ID_BYTES_MAX, table, file, column, "is too long", f"at most {ID_BYTES_MAX} bytes of UTF-8")
    if unique:
        _, first, position = np.unique(
            table[column].to_numpy(zero_copy_only=False), return_index=True, return_inverse=True
        )
        again = first[position] != np.arange(len(table))
        _refuse(again, table, file, column, "stands here a second time", "keep one row for each")


def _refuse(bad: Bools, table: pa.Table, file: str, column: str, problem: str, cure: str) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise InvalidLog(_at(file, row, column), f"{table[column][row].as_py()!r} {problem}", cure=cure)


def _cast(column: pa.ChunkedArray, field: pa.Field, file: str) -> pa.ChunkedArray:
    where = f"{file} column {field.name}"
    same_kind = pa.types.is_integer(column.type) == pa.types.is_integer(field.type) or column.type == pa.null()
    if same_kind or pa.types.is_floating(field.type):
        try:
            return column.cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass
    raise InvalidLog(where, f"is {column.type}", cure=f"write it as {field.type}")


def _at(file: str, row: int, column: str) -> str:
    return f"{file} row {row} column {column}"


def _blank(column: pa.ChunkedArray) -> Bools:
    blank: Bools = pc.equal(pc.utf8_trim_whitespace(column), "").to_numpy(zero_copy_only=False)
    return blank


def _not_in(column: pa.ChunkedArray, names: tuple[str, ...]) -> Bools:
    known: Bools = pc.is_in(column, value_set=pa.array(names)).to_numpy(zero_copy_only=False)
    return ~known


def _numbers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    return np.asarray(column.to_numpy(zero_copy_only=False), np.int64)
