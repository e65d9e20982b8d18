"""Vectors as an index should hold them, kept in a file while it is built: for the canary's exact search.

A million of 128 dims are half a gigabyte: on disk they cost no memory that anybody else needs.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from multigrain.types import Float32s, Int64s

FIRST_ROWS = 1024
NOT_THERE = -1


class Spool:
    """One vector an item. Rows stay dense: the last one moves into the place of one that goes."""

    def __init__(self, file: Path, dims: int) -> None:
        self._file, self._dims = file, dims
        self._vectors = _mapped(file, FIRST_ROWS, dims)
        self._item_nos = np.full(FIRST_ROWS, NOT_THERE, np.int64)
        self._rows = np.full(FIRST_ROWS, NOT_THERE, np.int64)
        """By item_no: they are dense, so this is smaller than a dict."""
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def put(self, item_nos: Int64s, vectors: Float32s) -> None:
        """Keeps these vectors [n, dims], in place of earlier ones of the same items."""
        rows = self._rows_for(item_nos)
        self._vectors[rows] = vectors
        self._item_nos[rows] = item_nos

    def remove(self, item_nos: Sequence[int]) -> None:
        """Forgets these; unknown ones are ignored."""
        for item_no in item_nos:
            row = self._rows[item_no] if item_no < len(self._rows) else NOT_THERE
            if row == NOT_THERE:
                continue
            self._used -= 1
            last = self._item_nos[self._used]
            self._vectors[row], self._item_nos[row], self._rows[last] = self._vectors[self._used], last, row
            self._rows[item_no] = NOT_THERE

    def columns(self) -> tuple[Int64s, Float32s]:
        """item_nos [n] and vectors [n, dims] as they are now, the vectors still in the file."""
        return self._item_nos[: self._used], self._vectors[: self._used]

    def _rows_for(self, item_nos: Int64s) -> Int64s:
        if not len(item_nos):
            return np.zeros(0, np.int64)
        if item_nos.max() >= len(self._rows):
            self._rows = _longer(self._rows, int(item_nos.max()) + 1)
        fresh = np.unique(item_nos[self._rows[item_nos] == NOT_THERE])
        self._rows[fresh] = np.arange(self._used, self._used + len(fresh))
        self._used += len(fresh)
        if self._used > len(self._item_nos):
            self._item_nos = _longer(self._item_nos, self._used)
            self._vectors.flush()
            self._vectors = _mapped(self._file, len(self._item_nos), self._dims)
        return self._rows[item_nos]


@contextmanager
def open_spool(dims: int) -> Iterator[Spool]:
    """A spool in a folder of its own, which goes with it."""
    with TemporaryDirectory(prefix="multigrain-build-") as folder:
        yield Spool(Path(folder) / "vectors", dims)


def _mapped(file: Path, rows: int, dims: int) -> np.memmap[tuple[int, ...], np.dtype[np.float32]]:
    with file.open("ab") as grown:
        grown.truncate(rows * dims * 4)
    return np.memmap(file, np.float32, "r+", shape=(rows, dims))


def _longer(column: Int64s, size: int) -> Int64s:
    grown = np.full(max(size, 2 * len(column)), NOT_THERE, np.int64)
    grown[: len(column)] = column
    return grown
