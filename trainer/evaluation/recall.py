"""Recall@K = |top K and T| / |T|, T the items that were clicked [V]. One formula, for a model and for an index."""

from collections.abc import Sequence

import numpy as np

from multigrain.types import Int64s


def recall_at(found: Int64s, wanted: Sequence[Sequence[int]], k: int) -> float:
    """Mean over the queries that want something: found [B, >= k] best first, wanted B lists. No query: 0."""
    shares = [
        len(set(row[:k].tolist()) & set(targets)) / len(set(targets))
        for row, targets in zip(found, wanted, strict=True)
        if len(targets)
    ]
    return float(np.mean(shares)) if shares else 0.0
