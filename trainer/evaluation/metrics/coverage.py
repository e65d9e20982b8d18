"""Catalogue coverage@K = how much of the catalogue stands in the top K of any query: low where a few items win all."""

import numpy as np

from multigrain.types import Int64s


def coverage(found: Int64s, k: int, *, items: int) -> float:
    """`found` [B, >= K]: rows, below 0: nothing. `items`: in the catalogue."""
    top = found[:, :k]
    return len(np.unique(top[top >= 0])) / items
