"""Recall of a set of queries as one number, for a model and for an index. The formula is in metrics/recall.py."""

from collections.abc import Sequence

import numpy as np

from multigrain.types import Int64s
from trainer.evaluation.metrics.hits import hits_of, mean
from trainer.evaluation.metrics.recall import recall


def recall_at(found: Int64s, wanted: Sequence[Sequence[int]], k: int) -> float:
    """Mean over the queries that want something: found [B, >= k] best first, wanted B lists. No query: 0."""
    return float(np.nan_to_num(mean(recall(hits_of(found[:, :k], wanted), k))))
