"""Columns of the right name and type. Looks at no value; which rows are wrong is in log_checks.py."""

from collections.abc import Callable

import pyarrow as pa
from pyarrow import types

from multigrain.errors import InvalidLog


def fit_to_schema(table: pa.Table, schema: pa.Schema, file: str) -> pa.Table:
    """`table` with exactly the columns and types of `schema`; columns that the layout does not know are left out.

    A type is changed only where no value can change with it: int32 becomes int64, but no number becomes a text.
    """
    columns = []
    for field in schema:
        if field.name not in table.column_names:
            raise InvalidLog(f"{file} column {field.name}", "is missing", cure=f"add it as {field.type}")
        column = table[field.name]
        columns.append(column if column.type == field.type else _cast(column, field, file))
    return pa.table(columns, schema=schema)


def _cast(column: pa.ChunkedArray, field: pa.Field, file: str) -> pa.ChunkedArray:
    if _keeps_values(column.type, field.type):
        try:
            return column.cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            pass
    raise InvalidLog(f"{file} column {field.name}", f"is {column.type}", cure=f"write it as {field.type}")


def _keeps_values(given: pa.DataType, wanted: pa.DataType) -> bool:
    if types.is_dictionary(given):
        return _keeps_values(given.value_type, wanted)
    if types.is_null(given):
        return True
    if _is_list(given) and _is_list(wanted):
        return _keeps_values(given.value_type, wanted.value_type)
    same: tuple[Callable[[pa.DataType], bool], ...] = (_is_text, types.is_integer, types.is_map, types.is_timestamp)
    number_to_float = types.is_floating(wanted) and (types.is_integer(given) or types.is_floating(given))
    return number_to_float or any(kind(given) and kind(wanted) for kind in same)


def _is_text(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_list_view(kind))
