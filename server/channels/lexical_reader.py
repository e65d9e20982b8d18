"""Titles that another process writes: searched here without a copy, as of the last refresh."""

from pathlib import Path

from multigrain.types import Int64s
from server.lexical.folder import SnapshotReader
from server.lexical.holding import Holding
from server.lexical.words import keys_of_query
from server.result import Hits


class LexicalReader:
    """Answers as the `LexicalIndex` does whose snapshots lie in the folder; before the first it finds nothing."""

    def __init__(self, folder: Path) -> None:
        self._reader = SnapshotReader(folder)
        self._holding = Holding()

    def refresh(self) -> bool:
        """Takes over the writer's last snapshot. False: nothing since. One thread at a time; searches go on."""
        return self._reader.refresh()

    def search(self, query: str, k: int) -> Hits:
        """The k titles that hold most of the query's words, the rarer ones counting more (BM25)."""
        return self._reader.snapshot.search(keys_of_query(query), k)

    def holders(self, word: str) -> Int64s:
        """The item_nos whose titles hold the word, ascending."""
        return self._holding.holders(self._reader.snapshot, word)

    def count(self) -> int:
        """Titles that can be found."""
        return self._reader.snapshot.count
