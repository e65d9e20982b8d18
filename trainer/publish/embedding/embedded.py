"""Vectors that were made before, found again by what the item tower reads; the others are encoded here."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from multigrain.encoder import Encoder
from multigrain.errors import NotFound, Refused
from multigrain.features.windows import Windows
from multigrain.finished import mark_of
from multigrain.types import Float32s, Item
from trainer.publish.embedding.embed import VECTORS
from trainer.publish.embedding.snapshot import key_of


class Embedded:
    """An Encoder that looks first among vectors [n, dims] made before, which stay on disk."""

    def __init__(self, encoder: Encoder, keys: NDArray[np.uint64], vectors: Float32s) -> None:
        self.bundle_id, self.dims, self.windows = encoder.bundle_id, encoder.dims, encoder.windows
        self._encoder = encoder
        self._order = np.argsort(keys[:, 0], kind="stable")
        self._first, self._second = keys[self._order, 0], keys[self._order, 1]
        self._vectors = vectors
        self.found = self.encoded = 0
        """How many vectors were found, and how many had to be made."""

    def encode_queries(self, queries: Sequence[tuple[str, Windows]]) -> Float32s:
        return self._encoder.encode_queries(queries)

    def encode_items(self, items: Sequence[Item]) -> Float32s:
        rows = self._rows_of(items)
        vectors = np.empty((len(items), self.dims), np.float32)
        known, missing = rows >= 0, np.flatnonzero(rows < 0)
        vectors[known] = self._vectors[rows[known]]
        if len(missing):
            vectors[missing] = self._encoder.encode_items([items[row] for row in missing.tolist()])
        self.found += len(items) - len(missing)
        self.encoded += len(missing)
        return vectors

    def _rows_of(self, items: Sequence[Item]) -> NDArray[np.int64]:
        """Their rows; -1: not among them. Two items that share the first half of a key are found only once."""
        if not len(self._order) or not items:
            return np.full(len(items), -1, np.int64)
        keys = _halves(b"".join(key_of(item) for item in items))
        at = np.minimum(np.searchsorted(self._first, keys[:, 0]), len(self._order) - 1)
        same = (self._first[at] == keys[:, 0]) & (self._second[at] == keys[:, 1])
        return np.where(same, self._order[at], -1)


@contextmanager
def open_embedded(folder: Path, encoder: Encoder) -> Iterator[Embedded]:
    """What `embed_catalogue` left there. Raises NotFound when it is not finished, Refused for another bundle's."""
    made_by = mark_of(folder)
    if made_by is None:
        raise NotFound(f"{folder} holds no finished vectors: run `multigrain embed` to its end first")
    if made_by != encoder.bundle_id:
        raise Refused(f"{folder} was made with bundle {made_by}, not {encoder.bundle_id}: embed again")
    files = [pq.ParquetFile(part) for part in sorted((folder / VECTORS).glob("*.parquet"))]
    count = sum(file.metadata.num_rows for file in files)
    with TemporaryDirectory(prefix="multigrain-vectors-") as scratch:
        vectors = np.memmap(Path(scratch) / "vectors", np.float32, "w+", shape=(max(count, 1), encoder.dims))
        keys, start = np.empty((count, 2), np.uint64), 0
        for file in files:
            for batch in file.iter_batches():
                end = start + len(batch)
                keys[start:end] = _halves(b"".join(batch["key"].to_pylist()))
                vectors[start:end] = batch["vector"].flatten().to_numpy().reshape(len(batch), encoder.dims)
                start = end
        yield Embedded(encoder, keys, vectors)


def _halves(keys: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(keys, ">u8").reshape(-1, 2).astype(np.uint64)
