"""Items whose title holds the query's words. Knows no model and no user: it answers when nothing else can."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from multigrain.types import Int64s
from server.channels.channel import Only, Question
from server.request import ChannelName
from server.result import Hits

THREADS = 2
"""Searches at once. More would share the same cores; fewer, and a search of many words holds up the others."""


class Titles(Protocol):
    """What is searched: `LexicalIndex`, or a `LexicalReader` of one in another process."""

    def search(self, query: str, k: int) -> Hits:
        """At most k hits, best first. Blocks for milliseconds; any number of threads at once."""
        ...

    def holders(self, word: str) -> Int64s:
        """The item_nos whose titles hold the word, as `findable` cuts it, ascending. Microseconds for a rare word,
        milliseconds for one of half the titles; again, without a change meanwhile, nothing."""
        ...


class LexicalChannel:
    """A search takes the processor for a while, so it runs in threads of this channel's own."""

    name = ChannelName.LEXICAL

    def __init__(self, titles: Titles) -> None:
        self._titles = titles
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="lexical")

    async def ask(self, question: Question, k: int, *, only: Only, seconds: float) -> Hits:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._titles.search, question.query, k)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
