"""How well scores tell good pairs from bad ones, and order what was judged for one query. Intervals are over queries:
the pairs of one query are right or wrong together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Bools, Int64s
from trainer.teacher.judged import Judged

Floats = NDArray[np.float64]

GAP = 0.75
"""Grades nearer to each other are no order: other raters might give the other one. 0.5 on a scale of 1 to 3."""
DRAWS = 1_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def area_under_curve(scores: Floats, good: Bools) -> float:
    """The chance that a good pair scores above another; ties count half. NaN where all are of one kind."""
    return _weighted_area(_Ranked.of(scores, good), np.ones(len(scores)))


def ordering_accuracy(scores: Floats, grades: Floats, queries: Int64s) -> float:
    """Of the pairs of one query whose grades differ by GAP or more, the share in the right order; ties count half."""
    right, pairs = orders(scores, grades, queries)
    return float(right.sum() / pairs.sum()) if pairs.sum() else float("nan")


def orders(scores: Floats, grades: Floats, queries: Int64s) -> tuple[Floats, Floats]:
    """For each query, in the order of its number: how many pairs are in the right order, and of how many."""
    order = np.argsort(queries, kind="stable")
    _, starts = np.unique(queries[order], return_index=True)
    right, pairs = [], []
    for rows in np.split(order, starts[1:]):
        better = grades[rows][:, None] - grades[rows] >= GAP
        ahead = np.sign(scores[rows][:, None] - scores[rows])[better]
        right.append(float(((ahead + 1) / 2).sum()))
        pairs.append(float(better.sum()))
    return np.array(right), np.array(pairs)


def estimate_area(scores: Floats, judged: Judged, *, seed: int = 0) -> Estimate:
    """With the interval by drawing queries."""
    ranked = _Ranked.of(scores, judged.good)
    _, query = np.unique(judged.query, return_inverse=True)
    drawn = [_weighted_area(ranked, weights[query]) for weights in _weights(int(query.max()) + 1, seed)]
    return _estimate(_weighted_area(ranked, np.ones(len(scores))), np.array(drawn))


def estimate_ordering(scores: Floats, judged: Judged, *, seed: int = 0) -> Estimate:
    """As above."""
    right, pairs = orders(scores, judged.grade, judged.query)
    weights = _weights(len(right), seed)
    return _estimate(_ratio(right.sum(), pairs.sum()), _ratios(weights @ right, weights @ pairs))


def estimate_ordering_gain(scores: Floats, others: Floats, judged: Judged, *, seed: int = 0) -> Estimate:
    """The ordering accuracy of `scores` less that of `others`; both are drawn together, so hard queries fall out."""
    right, pairs = orders(scores, judged.grade, judged.query)
    right -= orders(others, judged.grade, judged.query)[0]
    weights = _weights(len(right), seed)
    return _estimate(_ratio(right.sum(), pairs.sum()), _ratios(weights @ right, weights @ pairs))


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Pairs by score: `place` is the same for ties."""

    place: Int64s
    good: Bools

    @classmethod
    def of(cls, scores: Floats, good: Bools) -> "_Ranked":
        return cls(np.unique(scores, return_inverse=True)[1], good)


def _weighted_area(ranked: _Ranked, weights: Floats) -> float:
    good = np.bincount(ranked.place, weights=weights * ranked.good)
    bad = np.bincount(ranked.place, weights=weights * ~ranked.good)
    below = np.cumsum(bad) - bad
    return _ratio(float((good * (below + bad / 2)).sum()), float(good.sum() * bad.sum()))


def _weights(queries: int, seed: int) -> Floats:
    """[draws, queries]: how often each is drawn, Poisson of mean 1 as out of many."""
    return np.random.default_rng(seed).poisson(1.0, (DRAWS, queries)).astype(np.float64)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _ratios(parts: Floats, wholes: Floats) -> Floats:
    ratios: Floats = np.divide(parts, wholes, out=np.full(parts.shape, np.nan), where=wholes > 0)
    return ratios


def _estimate(value: float, drawn: Floats) -> Estimate:
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return Estimate(value, float(low), float(high))
