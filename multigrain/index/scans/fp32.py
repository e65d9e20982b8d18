"""Vectors as they came, 32 bits a component: exact. A search reads four bytes for each."""

from collections.abc import Sequence

import numpy as np

from multigrain.index.scans.growth import grown
from multigrain.index.scans.products import passing
from multigrain.index.scans.scan import Hits
from multigrain.types import Float32s, Int64s

SCORES_AT_ONCE = 1 << 20
"""Scores of all queries together that are held at a time: 4 MiB."""


class Fp32Scan:
    """A Scan that loses nothing."""

    def __init__(self, dims: int, size: int) -> None:
        self._vectors = np.zeros((size, dims), np.float32)

    def grow(self, size: int) -> None:
        self._vectors = grown(self._vectors, size)

    def order(self, vectors: Float32s) -> Int64s:
        return np.arange(len(vectors))

    def put(self, places: Int64s, vectors: Float32s) -> None:
        self._vectors[places] = vectors

    def vectors(self, places: Int64s) -> Float32s:
        return self._vectors[places]

    def view(self, used: int) -> "Fp32View":
        return Fp32View(self._vectors[:used])


class Fp32View:
    """A View whose first scores are the true ones."""

    def __init__(self, vectors: Float32s) -> None:
        self.used = len(vectors)
        self._vectors = vectors

    def wanted(self, k: int) -> int:
        return k

    def scores(self, queries: Float32s, places: Int64s) -> Float32s:
        products: Float32s = queries @ self._vectors[places].T
        return products

    def rough_scores(self, queries: Float32s, places: Int64s) -> Float32s:
        return self.scores(queries, places)

    def above(self, queries: Float32s, floors: Float32s) -> Sequence[Hits]:
        def block(first: int, end: int) -> Float32s:
            products: Float32s = queries @ self._vectors[first:end].T
            return products

        return passing(block, self.used, floors, SCORES_AT_ONCE // len(queries))

    def refined(self, query: Float32s, hits: Hits, k: int) -> Hits:
        return hits
