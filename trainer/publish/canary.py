"""The last look before a generation may go live: does its index answer as exact search would, and hold every item?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from multigrain.encoder import Encoder
from multigrain.errors import GateRefused
from multigrain.features.windows import Windows
from multigrain.index.item_index import ItemIndex
from multigrain.types import Float32s, Int64s
from trainer.evaluation.topk import exact_top_k

EQUAL = 1e-4
"""Scores this near are a tie: an index may return either item, and may round."""
WRONG = 1e-3
"""A score further than this from the true one, as a part of the largest, is no rounding of a sum."""
WRONG_ROUNDED = 0.1
"""The same for kinds that keep vectors rounded."""
WRONG_SHARE = 0.001
"""Of the scores, may be wrong: one that was just changed is found with what it was."""
SEED = 0


class FoundTooLittle(GateRefused):
    """The index answers with right scores, and with too few of the nearest."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the index answered, held against exact search."""

    recall: float
    """Mean share of the exact k nearest that it found."""
    wrong_scores: float
    """Share of the known items it returned whose score is not their inner product with the query."""


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


def check_answers(
    index: ItemIndex,
    queries: Float32s,
    item_nos: Int64s,
    vectors: Float32s,
    *,
    k: int,
    timeout_seconds: float,
    rounds: bool = False,
) -> Checked:
    """What the index answers to each query [B, d] against exact search over item_nos [M] with vectors [M, d].

    `rounds`: the kind keeps vectors rounded.
    """
    tolerance = WRONG_ROUNDED if rounds else WRONG
    k = min(k, len(item_nos))
    found = index.search(queries, k, timeout_seconds=timeout_seconds)
    nearest = exact_top_k(queries, vectors, k)
    in_order = np.argsort(item_nos)
    shares, wrong, known = [], 0, 0
    for query, answer, scores, exact in zip(queries, found.item_nos, found.scores, nearest, strict=True):
        # Each item once: an index that repeats one has not found k. Unknown numbers, ABSENT among them, are no hit.
        answered, first = np.unique(answer, return_index=True)
        places = np.minimum(np.searchsorted(item_nos, answered, sorter=in_order), len(item_nos) - 1)
        rows = in_order[places]
        there = item_nos[rows] == answered
        true = vectors[rows[there]] @ query
        edge = vectors[exact[-1]] @ query
        shares.append(float((true >= edge - EQUAL).sum()) / k)
        apart = np.abs(true - scores[first[there]])
        wrong += int((~(apart <= tolerance * max(1.0, float(np.abs(true).max(initial=0.0))))).sum())
        known += len(true)
    return Checked(min(1.0, float(np.mean(shares))), wrong / max(known, 1))


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
    rounds: bool,
) -> float:
    """The recall of the index over these queries. `rounds`: the kind keeps vectors rounded.

    Raises GateRefused when scores are not what the vectors give, FoundTooLittle when recall is below `floor`.
    """
    if not queries or not len(item_nos):
        raise GateRefused("there are no queries or no items to try the index with: bring logs and a catalogue first")
    vectors_of_queries = encoder.encode_queries(queries)
    checked = check_answers(
        index, vectors_of_queries, item_nos, vectors, k=k, timeout_seconds=timeout_seconds, rounds=rounds
    )
    if checked.wrong_scores > WRONG_SHARE:
        raise GateRefused(
            f"of what the index returns, {checked.wrong_scores:.2%} have scores that their vectors do not give: build "
            "the generation again, on another generation.index_kind or Milvus version if it comes back"
        )
    if checked.recall < floor:
        raise FoundTooLittle(
            f"the index finds {checked.recall:.4f} of the exact {k} nearest over {len(queries)} queries, {floor:.4f} "
            "is the floor: choose another generation.index_kind, or build it again"
        )
    return checked.recall
