"""The reference of `multigrain bench lexical`: titles in an SQLite FTS5 table in memory, as anyone would begin."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from benchmarks.bench import seconds_of
from multigrain.text.findable import findable


class Fts5Titles:
    """Ranks every title that holds a word of the query, however many are asked for."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute("CREATE VIRTUAL TABLE titles USING fts5(words, tokenize='ascii')")

    def put(self, titles: Iterable[tuple[int, str]]) -> None:
        """Adds these (item_no, title), or replaces them."""
        rows = [(item_no, _tokens(title, " ")) for item_no, title in titles]
        self._connection.execute("BEGIN")
        self._connection.executemany("DELETE FROM titles WHERE rowid = ?", [(item_no,) for item_no, _ in rows])
        self._connection.executemany("INSERT INTO titles (rowid, words) VALUES (?, ?)", rows)
        self._connection.execute("COMMIT")

    def search(self, query: str, k: int) -> list[tuple[int, float]]:
        """The k best (item_no, rank), best first: the more negative, the better."""
        select = "SELECT rowid, rank FROM titles WHERE titles MATCH ? ORDER BY rank LIMIT ?"
        return self._connection.execute(select, (_tokens(query, " OR "), k)).fetchall()

    def close(self) -> None:
        self._connection.close()


def measure(title: Callable[[int], str], count: int, queries: Sequence[str], k: int) -> tuple[float, list[list[float]]]:
    """Seconds to load so many titles, and the milliseconds of three searches by query."""
    there, titles = Fts5Titles(), [(number, title(number)) for number in range(1, count + 1)]
    started = time.perf_counter()
    there.put(titles)
    seconds = time.perf_counter() - started
    searches = [[s * 1e3 for s in seconds_of(partial(there.search, query, k), repeats=3)] for query in queries]
    there.close()
    return seconds, searches


def _tokens(text: str, joined_by: str) -> str:
    """Words in hexadecimal: FTS5 cannot split them, nor take one for an operator."""
    return joined_by.join(word.encode().hex() for word in findable(text))
