"""Public ids by row: UTF-8 in one piece of memory, without a Python object an item.

An id is written once and stays. It begins on a word of 8 bytes, ends in a line break, and is filled up with zeros to
the next word: so many ids are gathered word by word and decoded at once.
"""

from collections.abc import Sequence

import numpy as np

from multigrain.catalog.id_index import IdIndex, hash_of, hashes_of
from multigrain.catalog.memory import Space
from multigrain.types import ID_BYTES_MAX, Int64s, ItemId

_WORD = 8
_END, _FILLING = b"\n", b"\0"
_LENGTH = (1 << 15) - 1
_ODD = 1 << 15
"""The id holds a line break or a zero, so it cannot be cut out of a gathered text."""
_PLACE_SHIFT = 16


class IdColumn:
    """Row n holds the id of item_no n. A row without one reads as ''."""

    def __init__(self, space: Space, rows: int) -> None:
        self._spans = space.int64s(rows)
        """Number of the first word, oddness, length in bytes. 0: the word that every memory begins with, of no id."""
        self._used = space.int64s(1)
        self._words = space.int64s(rows * (ID_BYTES_MAX // _WORD + 1))
        self._bytes = self._words.data.cast("B")
        self._index = IdIndex(space)

    def prepare(self) -> None:
        """Writes the empty id, before anything else is put."""
        self._bytes[: len(_END)] = _END
        self._used[0] = max(self._used[0], 1)

    def put(self, rows: Int64s, item_ids: Sequence[str]) -> None:
        """Ids of these rows; of one that has its id already nothing changes. By one writer."""
        missing = np.flatnonzero(self._spans[rows] == 0)
        if not len(missing):
            return
        encoded = [item_ids[position].encode() for position in missing.tolist()]
        added = rows[missing]
        spans = self._written(encoded)
        # Spans last: a row that has one is never put again, so it must be in the index by then, crash or not.
        self._index.put(hashes_of(encoded), added)
        self._spans[added] = spans

    def _written(self, encoded: Sequence[bytes]) -> Int64s:
        """Appends these to the words; returns their spans."""
        lengths = np.array([len(one) for one in encoded], np.int64)
        if lengths.max() > _LENGTH:
            raise ValueError(f"an id of {lengths.max():,} bytes: {ID_BYTES_MAX} are allowed")
        words = _words_of(lengths)
        sizes = (_WORD * words).tolist()
        padded = [(one + _END).ljust(size, _FILLING) for one, size in zip(encoded, sizes, strict=True)]
        first = int(self._used[0])
        end = first + int(words.sum())
        # Before the words: who goes on after a crash must not write over them.
        self._used[0] = end
        self._bytes[_WORD * first : _WORD * end] = b"".join(padded)
        return (first + np.cumsum(words) - words) << _PLACE_SHIFT | _oddness(encoded) | lengths

    def ids_of(self, rows: Int64s) -> list[ItemId]:
        """In this order; '' for a row that has none."""
        spans = self._spans.take(rows)
        if not len(spans) or np.bitwise_or.reduce(spans) & _ODD:
            return [ItemId(self._encoded(span).decode()) for span in spans.tolist()]
        counts = _words_of(spans & _LENGTH)
        # In place: each further array of this size would cost as much as its arithmetic.
        spans >>= _PLACE_SHIFT
        spans += counts
        spans -= counts.cumsum()
        places = np.repeat(spans, counts)
        places += np.arange(len(places))
        text = self._words.take(places).tobytes().translate(None, _FILLING)
        ids: list[ItemId] = text.decode().split("\n")  # type: ignore[assignment]  # of ids
        ids.pop()  # behind the last end
        return ids

    def row_of(self, item_id: str) -> int:
        """0: nobody has this id."""
        encoded = item_id.encode()
        for row in self._index.candidates(hash_of(encoded)):
            if self._encoded(int(self._spans[row])) == encoded:
                return row
        return 0

    def rows_of(self, item_ids: Sequence[str]) -> Int64s:
        """The row of each; 0: nobody has this id."""
        found = np.zeros(len(item_ids), np.int64)
        for positions, rows in self._index.candidates_of_many(hashes_of([one.encode() for one in item_ids]), found):
            wanted = [item_ids[position] for position in positions.tolist()]
            same = np.array([one == other for one, other in zip(self.ids_of(rows), wanted, strict=True)], np.bool_)
            found[positions[same]] = rows[same]
        return found

    def _encoded(self, span: int) -> bytes:
        start = (span >> _PLACE_SHIFT) * _WORD
        return bytes(self._bytes[start : start + (span & _LENGTH)])


def _words_of(lengths: Int64s) -> Int64s:
    """Words that ids of these lengths take, with their end."""
    return (lengths >> 3) + 1


def _oddness(encoded: Sequence[bytes]) -> Int64s:
    """_ODD or 0 for each of these ids."""
    together = b"".join(encoded)
    if _END not in together and _FILLING not in together:  # as good as always
        return np.zeros(len(encoded), np.int64)
    return np.array([_ODD if _END in one or _FILLING in one else 0 for one in encoded], np.int64)
