"""Judgments as rows of numbers, and which part each belongs to.

A query is in one part with all that was judged for it: else a teacher would be scored on queries that it was taught.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from multigrain.errors import InvalidLog
from multigrain.text.folding import normalize
from multigrain.types import Bools, Int64s, Item
from trainer.data.logs import GOOD_GRADE, JUDGMENTS, Logs, items_of

Floats = NDArray[np.float64]


class Part(Enum):
    """What a query's judgments are used for."""

    TRAIN = "train"
    DEVELOPMENT = "development"
    HELD_OUT = "held-out"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Row i: somebody judged item `item[i]` for query `query[i]`."""

    queries: tuple[str, ...]
    """Each once."""
    items: tuple[Item, ...]
    """The catalogue."""
    query: Int64s
    item: Int64s
    grade: Floats
    labels_sha256: str
    """Of all queries, item ids and grades."""

    def __len__(self) -> int:
        return len(self.query)

    @property
    def good(self) -> Bools:
        """[n]"""
        good: Bools = self.grade >= GOOD_GRADE
        return good

    def take(self, rows: Int64s) -> "Judged":
        """These rows; queries and items keep their numbers."""
        return Judged(
            queries=self.queries,
            items=self.items,
            query=self.query[rows],
            item=self.item[rows],
            grade=self.grade[rows],
            labels_sha256=self.labels_sha256,
        )

    def compact(self) -> "Judged":
        """The same rows, with no query and no item that none of them names."""
        queries, query = np.unique(self.query, return_inverse=True)
        items, item = np.unique(self.item, return_inverse=True)
        return Judged(
            queries=tuple(self.queries[row] for row in queries),
            items=tuple(self.items[row] for row in items),
            query=query,
            item=item,
            grade=self.grade,
            labels_sha256=self.labels_sha256,
        )

    def part(self, part: Part, *, train: float, development: float) -> "Judged":
        """The rows of one part. `train`, `development`: shares of the queries; the rest is held out."""
        parts = [part_of(query, train=train, development=development) for query in self.queries]
        mine = np.array([own is part for own in parts], bool)
        return self.take(np.flatnonzero(mine[self.query]))


def part_of(query: str, *, train: float, development: float) -> Part:
    """By the query's hash: whatever else is judged, the part stays.

    Queries that differ in case or width alone are in one part.
    """
    digest = hashlib.sha256(normalize(query).strip().encode("utf-8", "surrogatepass")).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < train:
        return Part.TRAIN
    return Part.DEVELOPMENT if place < train + development else Part.HELD_OUT


def read_judged(logs: Logs) -> Judged:
    """The judgments of `logs`. Raises InvalidLog: there are none, or one is of an item that the catalogue lacks."""
    if logs.judgments is None or not len(logs.judgments):
        raise InvalidLog(JUDGMENTS, "holds no judgment", cure="a teacher needs graded query-item pairs (docs/data.md)")
    items = tuple(items_of(logs))
    row_of = {str(item.item_id): row for row, item in enumerate(items)}
    queries: dict[str, int] = {}
    query = [queries.setdefault(text, len(queries)) for text in logs.judgments["query"].to_pylist()]
    item = [row_of.get(item_id, -1) for item_id in logs.judgments["item_id"].to_pylist()]
    if -1 in item:
        unknown = logs.judgments["item_id"][item.index(-1)].as_py()
        raise InvalidLog(
            f"{JUDGMENTS} row {item.index(-1)} column item_id",
            f"{unknown!r} is not in the catalogue",
            cure="judge items that the catalogue holds",
        )
    return Judged(
        queries=tuple(queries),
        items=items,
        query=np.array(query, np.int64),
        item=np.array(item, np.int64),
        grade=logs.judgments["grade"].to_numpy(),
        labels_sha256=_sha256(logs.judgments),
    )


def _sha256(judgments: pa.Table) -> str:
    digest = hashlib.sha256()
    for line in _lines(judgments):
        digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _lines(judgments: pa.Table) -> Iterator[str]:
    columns = (judgments[name].to_pylist() for name in ("query", "item_id", "grade"))
    for query, item_id, grade in zip(*columns, strict=True):
        yield f"{query!r}\t{item_id!r}\t{grade!r}\n"
