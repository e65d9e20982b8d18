"""Recall of a set of queries as one number, for a model and for an index. The formula is in metrics/recall.py."""

from collections.abc import Sequence

import numpy as np

from multigrain.types import Int64s
from trainer.evaluation.metrics.hits import Hits, hits_of, mean
from trainer.evaluation.metrics.recall import recall


def recall_at(found: Int64s, wanted: Sequence[Sequence[int]], k: int) -> float:
    """As mean_recall: found [B, >= k] best first, wanted B lists."""
    return mean_recall(hits_of(found[:, :k], wanted), k)


def mean_recall(hits: Hits, k: int) -> float:
    """Mean over the queries that want something. No query: 0, which no gate lets pass."""
    return float(np.nan_to_num(mean(recall(hits, k))))
