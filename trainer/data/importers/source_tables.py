"""The files of a set, checked as strictly as logs are: what an importer works on has the columns that it expects."""

from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from multigrain.errors import InvalidLog
from trainer.data.bad_rows import refuse_bad_rows
from trainer.data.log_checks import Check, column_check, value_checks
from trainer.data.log_columns import fit_to_schema
from trainer.data.log_marks import not_one_of, row_in
from trainer.data.log_parts import Part, StoredTable, read_stored

TEXT = pa.string()
TEXTS = pa.list_(pa.string())


def read_parquet(folder: Path, file: str, schema: pa.Schema, *checks: Check) -> pa.Table:
    """The columns of `schema`, without nulls where it allows none, with rows that pass `checks`."""
    _must_be_there(folder, file)
    return refuse_bad_rows(read_stored(folder / file, schema), [*value_checks(schema), *checks])


def read_tabbed(folder: Path, file: str, columns: tuple[str, ...], *checks: Check) -> pa.Table:
    """The named columns, as texts, of a file separated by tabs; a field in double quotes may hold tabs and line breaks.

    Nothing is null: what is not there is an empty text. Rows are counted from 0 below the header.
    """
    _must_be_there(folder, file)
    schema = pa.schema([pa.field(name, TEXT, nullable=False) for name in columns])
    table = fit_to_schema(_read_texts(folder / file), schema, file)
    return refuse_bad_rows(StoredTable(table, (Part(file, len(table)),)), [*value_checks(schema), *checks])


def one_of(column: str, names: tuple[str, ...]) -> Check:
    return column_check(column, "is unknown", f"one of {', '.join(names)}", not_one_of(names))


def known_in(column: str, ids: pa.ChunkedArray, file: str) -> Check:
    """Every value stands among `ids`, which are those of `file`."""
    cure = f"take {file} of the same release"
    return column_check(column, f"is not in {file}", cure, lambda values: row_in(values, ids) < 0)


def _must_be_there(folder: Path, file: str) -> None:
    if not (folder / file).exists():
        raise InvalidLog(file, f"no such file in {folder}", cure="name the folder that holds the set's files")


def _read_texts(path: Path) -> pa.Table:
    with path.open(encoding="utf-8", errors="replace") as file:
        header = file.readline().rstrip("\r\n").split("\t")
    try:
        return csv.read_csv(
            path,
            parse_options=csv.ParseOptions(delimiter="\t", newlines_in_values=True),
            # Also of columns nobody wants: a type that is guessed from the first rows may not fit the last.
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(header, TEXT), strings_can_be_null=False),
        )
    except pa.ArrowInvalid as error:
        cure = "take the published file"
        raise InvalidLog(path.name, f"not a table separated by tabs: {error}", cure=cure) from None
