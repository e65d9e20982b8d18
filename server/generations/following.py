"""Keeps an index in this process's memory up with the durable one that the stream writes.

The stream writes the index before it commits the catalogue's revision. So who has seen a revision, and reads the items
of it from the index after that, reads what was written.
"""

import threading
from typing import Protocol

import numpy as np

from multigrain.catalog.change import StoredItem
from multigrain.types import Int64s

ROWS_AT_ONCE = 1_000


class Changes(Protocol):
    """What is needed of the catalogue."""

    def changed_since(self, revision: int, limit: int) -> list[StoredItem]: ...


class Copied(Protocol):
    """An index that holds in memory what another one keeps."""

    def follow(self, item_nos: Int64s) -> None:
        """Reads these again, and forgets those that are there no longer. May raise IndexUnavailable."""
        ...


class Following:
    """One index and how far it has followed."""

    def __init__(self, index: Copied, catalogue: Changes, *, since: int) -> None:
        """`since`: a revision noted before the index read its first row."""
        self._index = index
        self._catalogue = catalogue
        self._revision = since
        self._one_at_a_time = threading.Lock()

    def catch_up(self) -> None:
        """Takes over what changed. Blocks, and may raise StoreUnavailable or IndexUnavailable; then it has followed
        as far as it came.
        """
        with self._one_at_a_time:
            while changed := self._catalogue.changed_since(self._revision, ROWS_AT_ONCE):
                self._index.follow(np.array([row.item_no for row in changed], np.int64))
                self._revision = changed[-1].revision
