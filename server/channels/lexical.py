"""Items whose title holds the query's words. Knows no model and no user: it answers when nothing else can."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from multigrain.index.item_index import HardFilter
from server.channels.channel import Question
from server.channels.lexical_index import LexicalIndex
from server.request import ChannelName
from server.result import Hits

THREADS = 2
"""The table answers one search at a time; a second thread only prepares the next one."""


class LexicalChannel:
    """The table blocks, so it is asked in threads of this channel's own."""

    name = ChannelName.LEXICAL

    def __init__(self, titles: LexicalIndex) -> None:
        self._titles = titles
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="lexical")

    async def ask(self, question: Question, k: int, *, only: HardFilter | None, seconds: float) -> Hits:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._titles.search, question.query, k)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
