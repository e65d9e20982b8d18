"""Texts one behind the other in memory that processes share: they are added and read on, never changed."""

from collections.abc import Iterator, Sequence

from multigrain.catalog.memory import Space

_LENGTH_BYTES = 4
_LOG_BYTES = 1 << 32


class TextLog:
    """One writer; readers as many as you like, each with an object of its own."""

    def __init__(self, space: Space) -> None:
        self._count = space.int64s(1).data
        self._bytes = space.uint8s(_LOG_BYTES).data
        self._read_bytes = 0
        """Up to where this object has read."""

    @property
    def count(self) -> int:
        """Texts that can be read."""
        return int(self._count[0])

    def append(self, texts: Sequence[str]) -> None:
        """Adds these behind the last one. For the writer, who has read everything before.

        What another writer left behind the last text, because it died before it counted, is written over.
        """
        encoded = [text.encode() for text in texts]
        added = b"".join(len(one).to_bytes(_LENGTH_BYTES, "little") + one for one in encoded)
        start = self._read_bytes
        if start + len(added) > _LOG_BYTES:
            raise ValueError(f"more than {_LOG_BYTES:,} bytes of brands, shops or category paths: are they ids?")
        self._bytes[start : start + len(added)] = added
        # The count last: who sees it may read that far.
        self._count[0] += len(encoded)

    def read(self, texts: int) -> Iterator[str]:
        """The next so many texts; at first, the first ones. By one reader of this object."""
        for _ in range(texts):
            start = self._read_bytes + _LENGTH_BYTES
            end = start + int.from_bytes(self._bytes[self._read_bytes : start], "little")
            self._read_bytes = end
            yield str(self._bytes[start:end], "utf-8")
