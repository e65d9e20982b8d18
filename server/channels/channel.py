"""The shape of a channel: a way to find candidates. It may be slow and it may fail; whoever asks allows for both."""

import threading
from typing import Protocol

import numpy as np

from multigrain.features.windows import Windows
from multigrain.index.item_index import HardFilter
from multigrain.types import Float32s, Int64s
from server.live import LiveGeneration
from server.request import ChannelName
from server.result import Hits


class Question:
    """What every channel is asked: a query and a history, put to one generation."""

    def __init__(self, live: LiveGeneration, query: str, windows: Windows) -> None:
        self.live = live
        self.query = query
        self.windows = windows
        self._encoding = threading.Lock()
        self._vector: Float32s | None = None

    def vector(self) -> Float32s:
        """The query-and-user vector, [1, dims]; encoded once, however many searches need it. Blocks."""
        with self._encoding:
            if self._vector is None:
                self._vector = self.live.encoder.encode_queries([(self.query, self.windows)])
            return self._vector


class Channel(Protocol):
    """A member of the list in channels/__init__.py."""

    name: ChannelName

    async def ask(self, question: Question, k: int, *, only: HardFilter | None, seconds: float) -> Hits:
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
    there = np.flatnonzero(item_nos >= 0)
    item_nos, scores = item_nos[there], scores[there]
    worth = np.where(np.isnan(scores), -np.inf, scores)
    order = np.lexsort((item_nos, -worth))
    _, firsts = np.unique(item_nos[order], return_index=True)
    order = order[np.sort(firsts)]
    return Hits(item_nos[order].astype(np.int64), worth[order].astype(np.float32))
