"""The exact top k of every query over the whole pool: never approximate, and no full score matrix is ever held."""

import sys

import numpy as np

from multigrain.types import Float32s, Int64s
from trainer.evaluation.topk_blocks import Blocks, top_k_in_blocks


def exact_top_k(queries: Float32s, items: Float32s, k: int) -> Int64s:
    """Rows of `items` by inner product, best first; equal scores in order of the row. [B, min(k, n)]

    An item whose vector holds NaN is nobody's best. Raises ValueError when that leaves fewer than k. While NumPy works,
    products of the whole process run on one thread each (`topk_threads`).
    """
    k = min(k, len(items))
    if not len(queries) or not k:
        return np.empty((len(queries), k), np.int64)
    if _gpu_is_seen():
        from trainer.evaluation.topk_tensorflow import top_k_in_tensorflow

        return top_k_in_tensorflow(queries, items, k)
    return top_k_in_blocks(queries, items, k, Blocks())


def _gpu_is_seen() -> bool:
    """By the TensorFlow that the process already has: loading it takes longer than most searches."""
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and bool(tensorflow.config.list_physical_devices("GPU"))
