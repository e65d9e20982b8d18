"""The shape of a channel: a way to find candidates. It may be slow and it may fail; whoever asks allows for both."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from multigrain.catalog.columns import CatalogueColumns
from multigrain.features.windows import Windows
from multigrain.index.item_index import HardFilter
from multigrain.types import Float32s, Int64s
from server.encoding.history_key import HistoryKey
from server.encoding.query_encodings import QueryEncodings
from server.generations.live import LiveGeneration
from server.request import ChannelName
from server.result import Hits


class Question:
    """What every channel is asked: a query and a history, put to one generation and one view of the catalogue."""

    def __init__(
        self,
        live: LiveGeneration,
        query: str,
        windows: Windows,
        columns: CatalogueColumns | None = None,
        *,
        key: HistoryKey | None = None,
        encodings: QueryEncodings | None = None,
    ) -> None:
        """`columns`: None: a catalogue without items. `key`: of the windows; None: what is made of them is not kept.
        `encodings`: None: for channels that need no vector.
        """
        self.live = live
        self.query = query
        self.windows = windows
        self.columns = columns if columns is not None else CatalogueColumns()
        self._key = key
        self._encodings = encodings
        self.searching = asyncio.Event()
        """Set when the first search is on its way to the index, or none will be."""
        self._vector: asyncio.Future[Float32s] | None = None
        self._wanted_by = 0

    async def vector(self, *, seconds: float) -> Float32s:
        """The query-and-user vector, [1, dims]; encoded once, however many searches need it. Raises TimeoutError when
        `seconds` passed before its turn came.
        """
        if self._vector is None or _came_to_nothing(self._vector):
            assert self._encodings is not None
            self._vector = self._encodings.ask(self.live.encoder, self.query, self.windows, self._key, seconds=seconds)
        vector = self._vector
        self._wanted_by += 1
        try:
            # One search that gives up takes nothing from another one.
            return await asyncio.shield(vector)
        finally:
            self._wanted_by -= 1
            if not self._wanted_by:
                vector.cancel()

    @property
    def encoded(self) -> Float32s | None:
        """The vector, where a search has made it; None: nobody has, or not yet."""
        if self._vector is None or not self._vector.done() or _came_to_nothing(self._vector):
            return None
        return self._vector.result()


@dataclass(frozen=True, slots=True)
class Among:
    """These items and no others, each of them compared: for what a search of an index may have passed over."""

    item_nos: Int64s


Only = HardFilter | Among | None
"""Where a channel may look; None: everywhere."""


class Channel(Protocol):
    """A member of the list in channels/__init__.py."""

    name: ChannelName

    async def ask(self, question: Question, k: int, *, only: Only, seconds: float) -> Hits:
        """At most k hits, best first. Blocks nobody, and may raise anything.

        `only` lets a channel look deeper among the items that can pass; one that cannot filter ignores it, because
        everything is judged afterwards all the same. It is cancelled after `seconds`; a thread that it left running
        may not touch the answer any more.
        """
        ...

    def close(self) -> None:
        """Gives its threads back."""
        ...


def ranked(item_nos: Int64s, scores: Float32s) -> Hits:
    """Hits of raw columns: absent ones and repetitions left out, best first, a score that is no number last."""
    if len(item_nos) and item_nos.min() < 0:
        there = np.flatnonzero(item_nos >= 0)
        item_nos, scores = item_nos[there], scores[there]
    worth = np.where(np.isnan(scores), -np.inf, scores)
    if not _is_in_order(item_nos, worth):
        order = np.lexsort((item_nos, -worth))
        item_nos, worth = item_nos[order], worth[order]
    if _has_repetitions(item_nos):
        _, firsts = np.unique(item_nos, return_index=True)
        firsts.sort()
        item_nos, worth = item_nos[firsts], worth[firsts]
    return Hits(item_nos.astype(np.int64), worth.astype(np.float32))


def _is_in_order(item_nos: Int64s, worth: Float32s) -> bool:
    # What comes from an index mostly is, and to look costs a hundredth of a sort.
    level = worth[1:] == worth[:-1]
    return bool(((worth[1:] < worth[:-1]) | (level & (item_nos[1:] > item_nos[:-1]))).all())


def _has_repetitions(item_nos: Int64s) -> bool:
    # A sort takes a fifth of what finding the first of each takes, and an index repeats nothing.
    in_order = np.sort(item_nos)
    return bool((in_order[1:] == in_order[:-1]).any())


def _came_to_nothing(vector: "asyncio.Future[Float32s]") -> bool:
    return vector.done() and (vector.cancelled() or vector.exception() is not None)
