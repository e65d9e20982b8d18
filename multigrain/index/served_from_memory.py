"""An index whose searches are answered from this process, while another one, a Milvus, keeps what is in it.

READ FIRST: `follow`. What this process writes goes to the durable index first and then to memory. What others write is
followed: whoever learns that items have changed says so, and their rows are read again. The durable index is right and
memory is a copy of it; to follow the same items twice, or too many, changes nothing.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from threading import RLock

import numpy as np

from multigrain.errors import WrongState
from multigrain.index.exact import ExactIndex
from multigrain.index.item_index import Built, Found, HardFilter, IndexRows, ItemIndex
from multigrain.index.rows import gathered
from multigrain.telemetry import LOG_FIELDS
from multigrain.types import Float32s, Int64s

log = logging.getLogger(__name__)

READ_AT_ONCE = 10_000
"""Rows of a page that is read from the durable index."""
PLACED_AT_ONCE = 100_000
"""Rows that are put into memory together: the more, the better a scan of 8 bits can place like beside like."""
FOLLOWED_AT_ONCE = 1_000


class ServedFromMemory:
    """An ItemIndex over a durable one. Searches wait for nobody; writing, following and loading take turns."""

    def __init__(self, durable: ItemIndex, *, bits: int) -> None:
        self._durable = durable
        self._bits = bits
        self._memory: ExactIndex | None = None
        self._loading: ExactIndex | None = None
        self._changed_meanwhile: list[Int64s] = []
        self._turn = RLock()
        self._load_turn = RLock()

    def load(self) -> None:
        """Reads everything that the durable index holds; logs how far it is.

        What others write from now on must be followed from now on, also before this returns.
        """
        with self._load_turn:
            if self._memory is not None:
                return
            self._durable.load()
            dims = self._durable.rows_of(_NONE).vectors.shape[1]
            with self._turn:
                self._changed_meanwhile = []
                self._loading = loading = ExactIndex("in memory", dims=dims, bits=self._bits)
            try:
                self._read_everything(loading)
                with self._turn:
                    # A page may have been read before a change and placed after it.
                    self._read_again(loading, np.unique(np.concatenate([_NONE, *self._changed_meanwhile])))
                    self._memory = loading
            finally:
                self._loading = None

    def follow(self, item_nos: Int64s) -> None:
        """Reads these items again: their rows as they are now are searched; those that are gone are found no more."""
        with self._turn:
            self._changed_meanwhile += [item_nos] if self._loading is not None else []
            if self._memory is not None:
                self._read_again(self._memory, item_nos)

    def fill(self, rows: IndexRows) -> None:
        with self._turn:
            self._durable.fill(rows)
            self._write(rows)

    def upsert(self, rows: IndexRows) -> int:
        with self._turn:
            written = self._durable.upsert(rows)
            if written == len(rows):
                self._write(rows)
            else:  # some are older than what the durable index holds, and memory may not know that yet
                self.follow(rows.item_nos)
            return written

    def delete(self, item_nos: Int64s) -> None:
        with self._turn:
            self._durable.delete(item_nos)
            self._changed_meanwhile += [item_nos] if self._loading is not None else []
            if self._memory is not None:
                self._memory.delete(item_nos)

    def search(self, vectors: Float32s, k: int, *, only: HardFilter | None = None, timeout_seconds: float) -> Found:
        memory = self._memory
        if memory is None:
            raise WrongState("the index is not in memory: load it before it is searched")
        return memory.search(vectors, k, only=only, timeout_seconds=timeout_seconds)

    def rows_of(self, item_nos: Int64s) -> IndexRows:
        """From the durable index, whose vectors have lost nothing."""
        return self._durable.rows_of(item_nos)

    def scan(self, rows_at_once: int) -> Iterator[IndexRows]:
        return self._durable.scan(rows_at_once)

    def count(self) -> int:
        """What the durable index holds."""
        return self._durable.count()

    def finish(self, built: Built = lambda done, total: None) -> None:
        self._durable.finish(built)
        self.load()

    def release(self) -> None:
        with self._load_turn, self._turn:
            self._memory = None
            self._durable.release()

    def drop(self) -> None:
        with self._load_turn, self._turn:
            self._durable.drop()
            if self._memory is not None:
                self._memory.drop()

    def _read_everything(self, memory: ExactIndex) -> None:
        total = self._durable.count()
        for rows in gathered(self._durable.scan(READ_AT_ONCE), PLACED_AT_ONCE):
            memory.upsert(_untitled(rows))
            log.info("items are read into memory", extra={LOG_FIELDS: {"items": memory.count(), "of": total}})

    def _read_again(self, memory: ExactIndex, item_nos: Int64s) -> None:
        for start in range(0, len(item_nos), FOLLOWED_AT_ONCE):
            asked = item_nos[start : start + FOLLOWED_AT_ONCE]
            rows = self._durable.rows_of(asked)
            memory.delete(np.setdiff1d(asked, rows.item_nos))
            memory.upsert(_untitled(rows))

    def _write(self, rows: IndexRows) -> None:
        self._changed_meanwhile += [rows.item_nos] if self._loading is not None else []
        if self._memory is not None:
            self._memory.upsert(_untitled(rows))


def _untitled(rows: IndexRows) -> IndexRows:
    """No search looks at titles, and a million of them are a hundred megabytes."""
    return replace(rows, titles=("",) * len(rows))


_NONE = np.zeros(0, np.int64)
