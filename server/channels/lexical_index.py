"""Titles, searchable by word, in the memory of this process: SQLite FTS5 over the words of `multigrain.text.findable`.

Knows item_no and title only; whether an item may be shown is judged elsewhere.
"""

import sqlite3
import threading
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from multigrain.text.findable import findable
from server.channels.channel import ranked
from server.result import Hits

QUERY_WORDS_MAX = 48
"""Words of a query that are looked up; the time grows with each."""


class LexicalIndex:
    """One in-memory table behind one lock: a search takes its turn with the others and with updates."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute("CREATE VIRTUAL TABLE titles USING fts5(words, tokenize='ascii')")

    def put(self, titles: Iterable[tuple[int, str]]) -> None:
        """Adds these (item_no, title), or replaces them; all become visible at once."""
        rows = [(item_no, " ".join(map(_token, findable(title)))) for item_no, title in titles]
        with self._lock:
            self._connection.execute("BEGIN")
            self._connection.executemany("DELETE FROM titles WHERE rowid = ?", [(item_no,) for item_no, _ in rows])
            self._connection.executemany("INSERT INTO titles (rowid, words) VALUES (?, ?)", rows)
            self._connection.execute("COMMIT")

    def remove(self, item_nos: Iterable[int]) -> None:
        """Takes these out; unknown ones are ignored."""
        with self._lock:
            self._connection.execute("BEGIN")
            self._connection.executemany(
                "DELETE FROM titles WHERE rowid = ?", [(int(item_no),) for item_no in item_nos]
            )
            self._connection.execute("COMMIT")

    def search(self, query: str, k: int) -> Hits:
        """The k titles that hold most of the query's words, the rarer ones counting more (BM25)."""
        words = findable(query)[:QUERY_WORDS_MAX]
        if not words or k < 1:
            return ranked(np.zeros(0, np.int64), np.zeros(0, np.float32))
        match = " OR ".join(f'"{_token(word)}"' for word in words)
        with self._lock:
            item_nos, ranks = self._connection.execute(_SEARCH, (match, k)).fetchone()
        # SQLite counts the better the more negative.
        return ranked(_numbers(item_nos).astype(np.int64), -_numbers(ranks).astype(np.float32))

    def count(self) -> int:
        with self._lock:
            return int(self._connection.execute("SELECT count(*) FROM titles").fetchone()[0])

    def close(self) -> None:
        with self._lock:
            self._connection.close()


# Two long strings instead of k rows: 10,000 hits do not become 10,000 Python tuples.
_SEARCH = """
SELECT group_concat(rowid), group_concat(rank)
FROM (SELECT rowid, rank FROM titles WHERE titles MATCH ? ORDER BY rank LIMIT ?)
"""


def _token(word: str) -> str:
    """The word in hexadecimal: FTS5 can neither split it, nor fold it, nor take it for an operator of its own."""
    return word.encode("utf-8", "surrogatepass").hex()


def _numbers(text: str | None) -> NDArray[np.float64]:
    """A list written with commas; None: it is empty. Doubles hold every item_no below 2^53."""
    return np.fromstring(text, np.float64, sep=",") if text else np.zeros(0, np.float64)
