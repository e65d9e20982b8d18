"""The nearest items to the query-and-user vector, in the index of the generation that made the vector."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from multigrain.index.item_index import HardFilter
from server.channels.channel import Question, ranked
from server.request import ChannelName
from server.result import Hits

THREADS = 16
"""Searches at once. A hung index holds at most these; what queues behind them is late, not stuck."""


class VectorChannel:
    """Encoder and index both block, so they run in threads of this channel's own."""

    name = ChannelName.VECTOR

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="vector")

    async def ask(self, question: Question, k: int, *, only: HardFilter | None, seconds: float) -> Hits:
        ends_at = time.monotonic() + seconds
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, _search, question, k, only, ends_at)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _search(question: Question, k: int, only: HardFilter | None, ends_at: float) -> Hits:
    vector = question.vector()
    # Waiting for a thread and encoding took their part of the time.
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time left to search after encoding")
    found = question.live.index.search(vector, k, only=only, timeout_seconds=left)
    return ranked(found.item_nos[0], found.scores[0])
