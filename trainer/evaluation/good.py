"""P_good of a bundle as one number. The formula is in metrics/good.py.

The paper labels by a relevance model; on simulated logs the truth itself says it, and good is at least a substitute.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from multigrain.encoder import Encoder
from multigrain.types import Item
from trainer.data.example import Example
from trainer.evaluation.metrics.good import good_share
from trainer.evaluation.metrics.hits import mean
from trainer.evaluation.topk import exact_top_k
from trainer.evaluation.truth import SUBSTITUTE, Truth


def share_of_good(encoder: Encoder, examples: Sequence[Example], items: Sequence[Item], truth: Truth, k: int) -> float:
    """Mean over the searches, by exact search over all items. No search: 0."""
    if not examples:
        return 0.0
    queries = encoder.encode_queries([(example.query, example.history) for example in examples])
    found = exact_top_k(queries, encoder.encode_items(items), k)
    item_ids = pa.array([item.item_id for item in items]).take(pa.array(found.ravel()))
    texts = pa.array([example.query for example in examples]).take(
        pa.array(np.repeat(np.arange(len(examples)), found.shape[1]))
    )
    good = (truth.grades(texts, item_ids) >= SUBSTITUTE).reshape(found.shape)
    return mean(good_share(good, k))
