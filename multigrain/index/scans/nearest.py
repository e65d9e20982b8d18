"""The best of each query by a scan, through a floor that a sample of the vectors suggests.

Sorting out the best k of a million scores costs as much as computing them. Of some thousand scores it is seen about
where the k-th best will be; only what is above that, a little more than k, is kept and chosen from. The sample only
saves work: a query that ends with too few is asked again without a floor, so no answer rests on luck.
"""

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np

from multigrain.index.scans.scan import BATCH, Hits, View
from multigrain.types import Bools, Float32s, Int64s

SAMPLED = 4096
MANY = 8 * SAMPLED
"""Of fewer vectors all scores are looked at: a floor would cost more than it saves."""
DEVIATIONS = 4
"""How far below its likely place the floor is put, in standard deviations: hardly a query is asked twice."""
FEW = 16
"""When only one in so many may be answered, those are compared by themselves."""


def nearest(view: View, queries: Float32s, k: int, passing: Bools | None) -> Sequence[Hits]:
    """At least the k best of each query [B, dims], in no order; fewer only where no more pass.

    `passing`: which of the view's places may be answered; None: all.
    """
    among = None if passing is None else np.flatnonzero(passing)
    found: list[Hits] = []
    for start in range(0, len(queries), BATCH):
        asked = queries[start : start + BATCH]
        if among is not None and len(among) * FEW < view.used:
            found += [Hits(among, scores) for scores in view.scores(asked, among)]
        else:
            found += _scanned(view, asked, k, passing, among)
    return found


def _scanned(view: View, queries: Float32s, k: int, passing: Bools | None, among: Int64s | None) -> Sequence[Hits]:
    total = view.used if among is None else len(among)
    wanted = min(view.wanted(k), total)
    rough = [_only(hits, passing) for hits in view.above(queries, _likely_floors(view, queries, wanted, among))]
    short = np.array([query for query, hits in enumerate(rough) if len(hits.places) < wanted], np.int64)
    if len(short):
        floorless = view.above(queries[short], np.full(len(short), -np.inf, np.float32))
        for query, hits in zip(short.tolist(), floorless, strict=True):
            rough[query] = _only(hits, passing)
    return [view.refined(query, hits, k) for query, hits in zip(queries, rough, strict=True)]


def _likely_floors(view: View, queries: Float32s, wanted: int, among: Int64s | None) -> Float32s:
    """Scores [B] that very likely at least `wanted` exceed, and not many more; -inf where there is no telling."""
    total = view.used if among is None else len(among)
    expected = wanted * SAMPLED / max(total, 1)
    rank = ceil(expected + DEVIATIONS * (sqrt(expected) + 1))
    if total < MANY or rank > SAMPLED:
        return np.full(len(queries), -np.inf, np.float32)
    # By chance with a fixed seed: steps of one length could fall in with an order of the vectors.
    sample = np.random.default_rng(0).integers(total, size=SAMPLED)
    scores = view.rough_scores(queries, sample if among is None else among[sample])
    scores.partition(SAMPLED - rank, axis=1)
    # Below the score itself, which many vectors may share.
    floors: Float32s = np.nextafter(scores[:, SAMPLED - rank], np.float32(-np.inf))
    return floors


def _only(hits: Hits, passing: Bools | None) -> Hits:
    return hits if passing is None else hits.at(np.flatnonzero(passing[hits.places]))
