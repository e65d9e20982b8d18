"""The neighbours of a bundle: for each item, what the same users chose close to it in time, the most alike first.

The trainer builds and writes the table, the server reads it; how alike two items are is not decided here. Plain arrays
of fixed types, mapped and not read, so a million items with a hundred neighbours each cost a second and no heap:

    ids.npy        [items] bytes, ascending: the public id of each row
    starts.npy     [items + 1] int64: the neighbours of row r are the entries from starts[r] up to starts[r + 1]
    neighbors.npy  [entries] int32: rows, the most alike first
    scores.npy     [entries] float16, falling within a row
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from multigrain.errors import BundleRefused
from multigrain.types import Float32s, Int64s, ItemId

NOWHERE = -1
"""The row of an item that the table does not hold."""
FILES = ("ids", "starts", "neighbors", "scores")

Ids = NDArray[np.bytes_]
Rows = NDArray[np.int32]
Scores = NDArray[np.float16]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbors:
    """The table, as columns. Read-only."""

    ids: Ids
    starts: Int64s
    neighbors: Rows
    scores: Scores

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def none(cls) -> "Neighbors":
        """Of a bundle that has no neighbours."""
        return cls(np.zeros(0, "S1"), np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float16))

    def rows_of(self, item_ids: Sequence[ItemId]) -> Int64s:
        """The row of each item; NOWHERE for what the table does not hold."""
        rows = np.full(len(item_ids), NOWHERE, np.int64)
        wanted = [item_id.encode("utf-8", "surrogatepass") for item_id in item_ids]
        # NumPy would cut a longer id to the width of the column, and find another item.
        fitting = [place for place, raw in enumerate(wanted) if len(raw) <= self.ids.dtype.itemsize]
        if not fitting or not len(self):
            return rows
        # Of the column's own width: otherwise the whole column is copied to be compared.
        sought = np.array([wanted[place] for place in fitting], self.ids.dtype)
        found = np.minimum(np.searchsorted(self.ids, sought), len(self) - 1)
        rows[fitting] = np.where(self.ids[found] == sought, found, NOWHERE)
        return rows

    def ids_of(self, rows: Int64s) -> list[ItemId]:
        """Public ids, in this order."""
        return [ItemId(raw.decode("utf-8", "surrogatepass")) for raw in self.ids[rows].tolist()]

    def around(self, rows: Int64s) -> tuple[Int64s, Rows, Float32s]:
        """Every neighbour of these rows, as columns: whose it is (a place in `rows`), its row, and how alike they are.
        Those of one row stand together, the most alike first."""
        counts = self.starts[rows + 1] - self.starts[rows]
        whose = np.repeat(np.arange(len(rows)), counts)
        # 0, 1, 2 ... for each row, counted from where its entries begin.
        entries = np.arange(len(whose)) - np.repeat(np.cumsum(counts) - counts - self.starts[rows], counts)
        return whose, self.neighbors[entries], self.scores[entries].astype(np.float32)


def save(table: Neighbors, folder: Path) -> None:
    """Writes the table into a bundle's folder of neighbours; the same table gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        np.save(folder / f"{name}.npy", getattr(table, name), allow_pickle=False)


def load(folder: Path) -> Neighbors:
    """The table of a bundle, mapped; empty where there is no folder. Raises BundleRefused naming what is wrong."""
    if not folder.exists():
        return Neighbors.none()
    table = Neighbors(*(_mapped(folder / f"{name}.npy") for name in FILES))
    if (problem := _problem(table)) is not None:
        raise BundleRefused(f"{folder}: {problem}: export the bundle again")
    return table


def _mapped(path: Path) -> NDArray[Any]:  # Any: each column has its own type, which _problem looks at
    try:
        # As a plain array: the class for maps makes every slice ten times as slow.
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except FileNotFoundError:
        raise BundleRefused(f"{path}: is missing: export the bundle again") from None
    except (OSError, ValueError, EOFError) as error:
        raise BundleRefused(f"{path}: cannot be read as an array ({error}): export the bundle again") from None


def _problem(table: Neighbors) -> str | None:
    """What would make a look-up fail or answer nonsense. None: nothing."""
    kinds = tuple(getattr(table, name).dtype.kind + str(getattr(table, name).ndim) for name in FILES)
    if kinds != ("S1", "i1", "i1", "f1"):
        return f"columns are {', '.join(kinds)} and not S1, i1, i1, f1"
    entries = len(table.neighbors)
    if len(table.starts) != len(table) + 1 or len(table.scores) != entries:
        return f"{len(table)} items, {len(table.starts)} starts, {entries} entries and {len(table.scores)} scores"
    if table.starts[0] != 0 or table.starts[-1] != entries or np.any(np.diff(table.starts) < 0):
        return "the starts do not divide the entries"
    if entries and not 0 <= int(table.neighbors.min()) <= int(table.neighbors.max()) < len(table):
        return "an entry names a row that is not there"
    return None
