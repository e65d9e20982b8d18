"""Tokens -> ids. Known tokens have their own id, all others share hashed buckets, 0 is padding."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

PADDING = 0


@dataclass(frozen=True)
class Vocabulary:
    """Ids: 0 padding, 1..len(tokens) the tokens, then `buckets` ids for what was never seen."""

    tokens: tuple[str, ...]
    buckets: int
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ids", {token: i + 1 for i, token in enumerate(self.tokens)})

    @property
    def size(self) -> int:
        """How many rows an embedding table needs."""
        return 1 + len(self.tokens) + self.buckets

    def id_of(self, token: str) -> int:
        """The id of `token`; the empty token is padding, so that an item without a brand has none."""
        if not token:
            return PADDING
        known = self._ids.get(token)
        if known is not None:
            return known
        # crc32 and not hash(): the same on every machine and in every process.
        return 1 + len(self.tokens) + crc32(token.encode("utf-8", "surrogatepass")) % self.buckets

    def ids(self, tokens: Sequence[str], length: int) -> NDArray[np.int32]:
        """Ids of the first `length` tokens, padded with 0. Returns [length]."""
        row = np.zeros(length, np.int32)
        for i, token in enumerate(tokens[:length]):
            row[i] = self.id_of(token)
        return row

    @classmethod
    def build(cls, tokens: Iterable[str], *, at_most: int, buckets: int, at_least_seen: int = 1) -> "Vocabulary":
        """The most frequent tokens; equal counts in order of the token, so that a rebuild gives the same ids."""
        counts = Counter(token for token in tokens if token)
        kept = [token for token, n in counts.items() if n >= at_least_seen]
        kept.sort(key=lambda token: (-counts[token], token))
        return cls(tuple(kept[:at_most]), buckets)

    def save(self, path: Path) -> None:
        """One token a line, the number of buckets on the first; a token's own line feeds are written as \\n."""
        lines = "\n".join([str(self.buckets), *map(_escape, self.tokens)])
        path.write_bytes(lines.encode("utf-8", "surrogatepass"))

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """What `save` wrote, with the same ids."""
        # Bytes and not text: reading text turns the carriage return inside a token into a line feed.
        buckets, *tokens = path.read_bytes().decode("utf-8", "surrogatepass").split("\n")
        return cls(tuple(map(_unescape, tokens)), int(buckets))


def _escape(token: str) -> str:
    return token.replace("\\", "\\\\").replace("\n", "\\n")


def _unescape(line: str) -> str:
    return re.sub(r"\\(.)", lambda escaped: "\n" if escaped[1] == "n" else escaped[1], line)
