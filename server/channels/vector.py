"""The nearest items to the query-and-user vector, in the index of the generation that made the vector."""

import asyncio
import contextvars
import time
from concurrent.futures import ThreadPoolExecutor

from multigrain.index.item_index import ItemIndex
from multigrain.types import Float32s
from server.channels.channel import Among, Only, Question, ranked
from server.request import ChannelName
from server.result import Hits
from server.timing.stages import step

THREADS = 16
"""Searches at once. A hung index holds at most these; what queues behind them is late, not stuck."""


class VectorChannel:
    """The index blocks, so it is searched in threads of this channel's own."""

    name = ChannelName.VECTOR

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="vector")

    async def ask(self, question: Question, k: int, *, only: Only, seconds: float) -> Hits:
        ends_at = time.monotonic() + seconds
        with step("encode"):
            vector = await question.vector(seconds=seconds)
        loop = asyncio.get_running_loop()
        # Steps in the thread belong to this request.
        here = contextvars.copy_context()
        index = question.live.index

        def search() -> Hits:
            # Told before it is true: this thread keeps Python's lock until the index has the request, so whoever wakes
            # up takes nothing from it.
            loop.call_soon_threadsafe(question.searching.set)
            return here.run(_search, index, vector, k, only, ends_at)

        return await loop.run_in_executor(self._threads, search)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _search(index: ItemIndex, vector: Float32s, k: int, only: Only, ends_at: float) -> Hits:
    # Encoding and waiting for a thread took their part of the time.
    left = ends_at - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time left to search after encoding")
    if isinstance(only, Among):
        return _compared(index, vector, k, only)
    with step("search") as facts:
        facts["k"] = k
        found = index.search(vector, k, only=only, timeout_seconds=left)
    return ranked(found.item_nos[0], found.scores[0])


def _compared(index: ItemIndex, vector: Float32s, k: int, among: Among) -> Hits:
    with step("compare") as facts:
        facts["rows"] = len(among.item_nos)
        rows = index.rows_of(among.item_nos)
        return ranked(rows.item_nos, rows.vectors @ vector[0]).first(k)
