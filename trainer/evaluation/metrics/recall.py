"""Recall@K = |top K and T| / |T|, T the clicked or ordered items [V]. Of ordered items alone it is the order recall."""

from trainer.evaluation.metrics.hits import Hits, Values


def recall(hits: Hits, k: int) -> Values:
    """[B]"""
    return hits.shares(hits.at[:, :k].sum(1))
