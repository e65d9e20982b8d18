"""The last look before a generation may go live: does its index answer as exact search would, and hold every item?"""

from collections.abc import Sequence

import numpy as np

from multigrain.encoder import Encoder
from multigrain.errors import GateRefused
from multigrain.features.windows import Windows
from multigrain.index.item_index import ItemIndex
from multigrain.types import Float32s, Int64s

EQUAL = 1e-4
"""Scores this near are a tie: an index may return either item, and may round."""
SEED = 0


def check_count(index: ItemIndex, expected: int) -> None:
    """Raises GateRefused unless the index holds exactly the items of the catalogue."""
    held = index.count()
    if held != expected:
        raise GateRefused(f"the index holds {held:,} items, the catalogue {expected:,}: build the generation again")


def sample(queries: Sequence[tuple[str, Windows]], count: int) -> list[tuple[str, Windows]]:
    """`count` of the real queries, always the same ones; all of them when they are fewer."""
    rng = np.random.default_rng(SEED)
    chosen = rng.permutation(len(queries))[:count]
    return [queries[i] for i in sorted(chosen)]


def index_recall(
    index: ItemIndex,
    queries: Float32s,
    item_nos: Int64s,
    vectors: Float32s,
    *,
    k: int,
    timeout_seconds: float,
) -> float:
    """Mean share of the exact k nearest that the index finds. queries [B, d]; item_nos [M] with vectors [M, d]."""
    k = min(k, len(item_nos))
    found = index.search(queries, k, timeout_seconds=timeout_seconds)
    scores = queries @ vectors.T
    edge = np.partition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k]
    row_of = {int(item_no): row for row, item_no in enumerate(item_nos)}
    shares = []
    for query, answer in enumerate(found.item_nos):
        # A set: an index that repeats one item has not found k. Unknown numbers, ABSENT among them, are no hit.
        rows = [row_of[item_no] for item_no in set(answer.tolist()) if item_no in row_of]
        shares.append(float((scores[query, rows] >= edge[query] - EQUAL).sum()) / k)
    return min(1.0, float(np.mean(shares)))


def check_recall(
    index: ItemIndex,
    encoder: Encoder,
    queries: Sequence[tuple[str, Windows]],
    item_nos: Int64s,
    vectors: Float32s,
    *,
    k: int,
    floor: float,
    timeout_seconds: float,
) -> float:
    """The recall of the index over these queries. Raises GateRefused with the figures when it is below `floor`."""
    if not queries or not len(item_nos):
        raise GateRefused("there are no queries or no items to try the index with: bring logs and a catalogue first")
    recall = index_recall(
        index, encoder.encode_queries(queries), item_nos, vectors, k=k, timeout_seconds=timeout_seconds
    )
    if recall < floor:
        raise GateRefused(
            f"the index finds {recall:.4f} of the exact {k} nearest over {len(queries)} queries, {floor:.4f} is the "
            "floor: choose another generation.index_kind, or build it again"
        )
    return recall
