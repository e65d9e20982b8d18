"""Vectors to measure on: clustered, as items of a shop are. Random ones flatter some index kinds and punish others."""

import numpy as np

from multigrain.index.item_index import IndexRows
from multigrain.types import Float32s, Int64s

CLUSTERS = 200
SPREAD = 0.35


def clustered(count: int, dims: int, *, seed: int) -> Float32s:
    """[count, dims] unit vectors around CLUSTERS centres; equal seeds share the centres, not the vectors."""
    centres = np.random.default_rng(0).normal(size=(CLUSTERS, dims)).astype(np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(count, dims)).astype(np.float32) * np.float32(SPREAD / dims**0.5)
    vectors: Float32s = centres[rng.integers(CLUSTERS, size=count)] + noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def index_rows(vectors: Float32s, first: int = 1) -> IndexRows:
    """Rows for an index, numbered from `first`."""
    numbers = np.arange(first, first + len(vectors), dtype=np.int64)
    return IndexRows(
        item_nos=numbers,
        vectors=vectors,
        revisions=np.ones(len(vectors), np.int64),
        brands=[f"brand-{number % 50}" for number in numbers],
        categories=[f"top-{number % 5}/leaf-{number % 40}" for number in numbers],
        shops=[f"shop-{number % 300}" for number in numbers],
        statuses=[1] * len(vectors),
        titles=[f"title {number}" for number in numbers],
    )


def recall(vectors: Float32s, queries: Float32s, found: Int64s) -> list[float]:
    """Of each query, the share of its nearest that was found: [B, k] numbers of rows from `index_rows(vectors)`."""
    shares = []
    for query, item_nos in zip(queries, found, strict=True):
        nearest = np.argpartition(vectors @ query, -len(item_nos))[-len(item_nos) :] + 1
        shares.append(len(np.intersect1d(nearest, item_nos)) / len(item_nos))
    return shares
