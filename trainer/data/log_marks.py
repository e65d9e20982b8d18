"""Which rows of a column are null, blank, too long, there before: questions asked of whole columns at once."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from multigrain.types import ID_BYTES_MAX, Bools, Int64s


def null(column: pa.ChunkedArray) -> Bools:
    return _bools(column.is_null())


def empty(column: pa.ChunkedArray) -> Bools:
    return _bools(pc.equal(pc.binary_length(column), 0))


def too_long(column: pa.ChunkedArray) -> Bools:
    return _bools(pc.greater(pc.binary_length(column), ID_BYTES_MAX))


def blank(column: pa.ChunkedArray) -> Bools:
    return _bools(pc.equal(pc.utf8_trim_whitespace(column), ""))


def not_one_of(names: tuple[str, ...]) -> Callable[[pa.ChunkedArray], Bools]:
    return lambda column: ~_bools(pc.is_in(column, value_set=pa.array(names)))


def not_in_range(low: float, high: float) -> Callable[[pa.ChunkedArray], Bools]:
    """Not a number and infinity are in no range."""

    def find(column: pa.ChunkedArray) -> Bools:
        values = column.to_numpy()
        inside: Bools = np.isfinite(values) & (values >= low) & (values <= high)
        return ~inside

    return find


def within(find: Callable[[pa.ChunkedArray], Bools]) -> Callable[[pa.ChunkedArray], Bools]:
    """Of a column of lists: the rows with an element that `find` marks."""

    def find_rows(column: pa.ChunkedArray) -> Bools:
        bad = np.zeros(len(column), bool)
        elements = find(pc.list_flatten(column))
        if elements.any():
            bad[np.repeat(np.arange(len(column)), list_length(column))[elements]] = True
        return bad

    return find_rows


def null_in_map(column: pa.ChunkedArray) -> Bools:
    if not any(chunk.items.null_count for chunk in column.chunks):
        return np.zeros(len(column), bool)
    return np.array([None in dict(row).values() for row in column.to_pylist()], bool)


def undecodable(column: pa.ChunkedArray) -> Bools:
    """The whole column at once; only when it is bad, value by value."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return np.array([not _decodes(value) for value in column], bool)
    return np.zeros(len(column), bool)


def _decodes(value: pa.Scalar) -> bool:
    try:
        value.as_py()
    except UnicodeDecodeError:
        return False
    return True


def seen_before(column: pa.ChunkedArray) -> Bools:
    """Codes are given in the order of first sight: a row is a repetition unless its code is higher than all before."""
    chunks = [chunk.indices.to_numpy() for chunk in column.dictionary_encode().chunks]
    codes = np.concatenate([np.empty(0, np.int32), *chunks])
    highest = np.maximum.accumulate(np.concatenate([[-1], codes]))[:-1]
    repeated: Bools = codes <= highest
    return repeated


def row_in(column: pa.ChunkedArray, ids: pa.ChunkedArray) -> Int64s:
    """For each value its row in `ids`, -1 where it is null or not there."""
    found = pc.index_in(column, value_set=ids, skip_nulls=True)
    return np.asarray(pc.fill_null(found, -1).to_numpy(), np.int64)


def list_length(column: pa.ChunkedArray) -> Int64s:
    return np.asarray(pc.list_value_length(column).to_numpy(), np.int64)


def _bools(column: pa.ChunkedArray) -> Bools:
    return np.asarray(column.to_numpy(zero_copy_only=False), bool)
