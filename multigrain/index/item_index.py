"""The index of one generation: item vectors with the few fields that a filter must be able to read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from multigrain.index.specs import IndexSpec
from multigrain.types import Float32s, Int64s

ABSENT = np.int64(-1)
"""Fills the columns of a query that found fewer than k items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRows:
    """Items to write, as columns of equal length n."""

    item_nos: Int64s
    vectors: Float32s
    """[n, dims]"""
    revisions: Int64s
    """The item's source version: a row never overwrites one with a higher revision."""
    brands: Sequence[str]
    categories: Sequence[str]
    """Paths as text, '/'-joined, top first: 'sports/shoes/running shoes'."""
    shops: Sequence[str]
    statuses: Sequence[int]
    titles: Sequence[str]

    def __len__(self) -> int:
        return len(self.item_nos)


@dataclass(frozen=True, slots=True)
class Found:
    """Nearest items of B queries, best first; short answers are filled with ABSENT and -inf."""

    item_nos: Int64s
    """[B, k]"""
    scores: Float32s
    """[B, k], inner products"""


@dataclass(frozen=True, slots=True, kw_only=True)
class HardFilter:
    """What may be pushed down into the index: any of each list, all lists together. Empty demands nothing."""

    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """Path prefixes: 'sports' takes everything below it."""
    shops: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    item_nos: tuple[int, ...] = ()
    """So many thousands cost an index some microseconds each."""


Built = Callable[[int, int], None]
"""Told, while an index is being built, how many of how many rows are in it."""


class ItemIndex(Protocol):
    """One contract suite, tests/contract/test_item_index.py, runs over every implementation.

    Every method may block and may raise IndexUnavailable; none retries by itself. The metric is the inner product.
    A method that reads, and `upsert`, which reads before it writes, need it loaded; where they are not served from
    memory of their own they raise WrongState otherwise.
    """

    def fill(self, rows: IndexRows) -> None:
        """Writes rows of items that it does not hold yet, without looking: for the only writer of an index being made.

        An item that is there already is then undefined: there twice, or either of the two.
        """
        ...

    def upsert(self, rows: IndexRows) -> int:
        """Writes the rows that are not older than what the index holds, and returns how many that were.

        Equal revisions are written again: a replayed batch must be able to finish. One writer at a time.
        """
        ...

    def delete(self, item_nos: Int64s) -> None:
        """Removes these; unknown ones are ignored."""
        ...

    def search(self, vectors: Float32s, k: int, *, only: HardFilter | None = None, timeout_seconds: float) -> Found:
        """The k nearest of each vector [B, dims]. Ids and scores only: everything else is joined elsewhere."""
        ...

    def rows_of(self, item_nos: Int64s) -> IndexRows:
        """What is stored of these, in any order; unknown ones are left out. Sees every write before it."""
        ...

    def scan(self, rows_at_once: int) -> Iterator[IndexRows]:
        """Everything that is stored, in any order. What is written meanwhile may be among it or not."""
        ...

    def count(self) -> int:
        """How many items it holds, exactly."""
        ...

    def finish(self, built: Built = lambda done, total: None) -> None:
        """After a bulk load: flushes, builds the index, waits for it and loads it. Searches before it may be slow."""
        ...

    def load(self) -> None:
        """Makes it searchable. Done already, it changes nothing."""
        ...

    def release(self) -> None:
        """Gives its memory back until it is loaded again. What is stored stays."""
        ...

    def drop(self) -> None:
        """Removes it and everything in it."""
        ...


class IndexStore(Protocol):
    """Where indexes live: one of them a generation. Same contract suite as the index."""

    def create(self, name: str, *, dims: int, spec: IndexSpec) -> ItemIndex:
        """A new, empty index, loaded. A name that exists raises WrongState."""
        ...

    def open(self, name: str, *, spec: IndexSpec | None = None) -> ItemIndex:
        """An index made before. An unknown name raises NotFound.

        `spec`: how it is searched from now on, of the kind that it was built with. None: as it was made.
        """
        ...

    def names(self) -> Sequence[str]:
        """Every index there is."""
        ...

    def describe(self) -> str:
        """What answers there, for people: 'Milvus 2.3.5 at 127.0.0.1:19530'."""
        ...
