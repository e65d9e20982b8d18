"""Neighbours of every item of a shop: others of its leaf category, as shoppers' co-clicks would mostly have it."""

import numpy as np

from benchmarks.serving.shop import Shop
from multigrain.neighbors import Neighbors

EACH = 50
"""Neighbours of an item."""
SEED = 13


def neighbours(shop: Shop, items: int) -> Neighbors:
    """Of the first `items`, EACH of them, of editions drawn at random."""
    rng = np.random.default_rng(SEED)
    ids = np.array([shop.item_id(number).encode() for number in range(items)])
    order = np.argsort(ids, kind="stable")
    row_of = np.empty(items, np.int32)
    row_of[order] = np.arange(items, dtype=np.int32)
    models = len(shop.models)
    others = _of_the_same_leaf(shop, rng)[order % models]
    others += models * rng.integers(0, max(1, items // models), others.shape, dtype=np.int32)
    others %= items
    return Neighbors(
        ids=ids[order],
        starts=np.arange(0, EACH * items + 1, EACH, dtype=np.int64),
        neighbors=row_of[others].ravel(),
        scores=np.tile(np.linspace(1, 0.1, EACH, dtype=np.float16), items),
    )


def _of_the_same_leaf(shop: Shop, rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """For each model EACH models of its leaf, [models, EACH]."""
    of_leaf: dict[str, list[int]] = {}
    for row, model in enumerate(shop.models):
        of_leaf.setdefault(model.leaf_category, []).append(row)
    chosen = np.empty((len(shop.models), EACH), np.int32)
    for rows in of_leaf.values():
        chosen[rows] = rng.choice(rows, (len(rows), EACH))
    return chosen
