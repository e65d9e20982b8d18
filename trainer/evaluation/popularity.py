"""The baseline that reads nothing: the most clicked items, the same for every query."""

import numpy as np

from multigrain.types import Int64s


def most_clicked(clicks: Int64s, k: int, *, queries: int) -> Int64s:
    """Rows by clicks, best first, for each of B queries. [B, min(k, M)]"""
    best = np.argsort(-clicks, kind="stable")[:k]
    return np.tile(best, (queries, 1))
