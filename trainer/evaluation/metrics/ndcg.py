"""NDCG@K = DCG / IDCG, DCG = sum of 1 / log2(rank + 1) over the targets among the top K, ranks from 1.

IDCG is the DCG of an answer with min(K, |T|) targets in front. A target counts 1: clicks have no grades.
"""

import numpy as np

from trainer.evaluation.metrics.hits import Hits, Values


def ndcg(hits: Hits, k: int) -> Values:
    """[B]"""
    top = hits.at[:, :k]
    worth = 1.0 / np.log2(np.arange(top.shape[1]) + 2)
    ideal = np.concatenate([[0.0], np.cumsum(worth)])[np.minimum(hits.targets, top.shape[1])]
    gained: Values = np.divide(top @ worth, ideal, out=np.full(len(top), np.nan), where=ideal > 0)
    return gained
