"""Pairs -> curves, by penalised maximum likelihood. Knows scores and vectors, and nothing of a shop.

One curve for all is two numbers, fitted first. A curve of each query's own has 2 * (dims + 1), which begin as the one
curve; the penalty on the squares of their weights holds them to it. What is minimised:

    mean log loss + penalty / 2 * (|slope weights|^2 + |offset weights|^2)

of vectors that were centred and divided by their mean length, so that a penalty means the same for all towers. Marks
are drawn in a little from 0 and 1, as Platt did, so that a curve stays finite where scores tell all good pairs from the
others. [inferred] throughout: of the Cosine Adapter only the idea is known, a map from score to probability that the
query bends.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.cut_off import SLOPE_EXPONENT_MAX, CutOff
from multigrain.errors import Refused
from multigrain.types import Float32s
from trainer.cut_off.pairs import Pairs

Numbers = NDArray[np.float64]

UNCUT = 0.5
"""The least of a curve that nobody has cut yet."""
STEPS_MAX = 100
SETTLED = 1e-10
"""A step that lowers the loss by less is the last."""
DAMPING_FIRST, DAMPING_MAX = 1e-3, 1e9


def fit_one_curve(pairs: Pairs) -> CutOff:
    """The same curve for every query. Raises Refused where random items score no lower than the wanted ones."""
    _check_told_apart(pairs)
    problem = _Problem.of(pairs, np.zeros((len(pairs.vectors), 0)), penalty=0.0)
    curve = problem.solve(_start(problem))
    return _as_cut_off(curve, problem.score_unit, np.zeros(pairs.vectors.shape[1]), 1.0)


def fit_curves(pairs: Pairs, penalty: float) -> CutOff:
    """A curve for each query, held to the one for all by a penalty above 0. Raises as above."""
    _check_told_apart(pairs)
    vectors = pairs.vectors.astype(np.float64)
    centre = vectors.mean(0)
    length = float(np.sqrt(((vectors - centre) ** 2).sum(1).mean())) or 1.0
    one = _Problem.of(pairs, np.zeros((len(vectors), 0)), penalty=0.0)
    problem = _Problem.of(pairs, (vectors - centre) / length, penalty=penalty)
    start = np.zeros((2, problem.queries.shape[1]))
    start[:, -1:] = one.solve(_start(one))
    return _as_cut_off(problem.solve(start), problem.score_unit, centre, length)


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """What is minimised over weights [2, dims + 1]: those of the slope's exponent, those of the offset, biases last."""

    pairs: Pairs
    queries: Numbers
    """[searches, dims + 1], the last column all ones."""
    scores: Numbers
    score_unit: float
    """What they were divided by."""
    marks: Numbers
    penalty: float

    @classmethod
    def of(cls, pairs: Pairs, vectors: Numbers, *, penalty: float) -> "_Problem":
        good, bad = int(pairs.good.sum()), int((~pairs.good).sum())
        marks = np.where(pairs.good, (good + 1) / (good + 2), 1 / (bad + 2))
        queries = np.column_stack([vectors, np.ones(len(vectors))])
        unit = float(pairs.scores.std(dtype=np.float64))
        return cls(pairs, queries, pairs.scores.astype(np.float64) / unit, unit, marks, penalty)

    def loss(self, weights: Numbers) -> float:
        logits, _ = self._logits(weights)
        losses = np.logaddexp(0, logits) - self.marks * logits
        return float(losses.mean() + self.penalty / 2 * (weights[:, :-1] ** 2).sum())

    def solve(self, weights: Numbers) -> Numbers:
        """Newton's steps, with Fisher's matrix in the place of the second derivatives, damped until they go down."""
        loss, damping = self.loss(weights), DAMPING_FIRST
        for _ in range(STEPS_MAX):
            gradient, curvature = self._derivatives(weights)
            while damping <= DAMPING_MAX:
                damped = curvature + damping * np.diag(curvature.diagonal() + 1e-12)
                there = weights - np.linalg.solve(damped, gradient).reshape(weights.shape)
                lower = loss - self.loss(there)
                if lower >= 0:
                    break
                damping *= 10
            else:
                break
            weights, loss, damping = there, loss - lower, damping / 10
            if lower < SETTLED:
                break
        return weights

    def _logits(self, weights: Numbers) -> tuple[Numbers, Numbers]:
        """Of the pairs; and of these the part that the slope makes, [n] both."""
        exponents = np.clip(self.queries @ weights[0], -SLOPE_EXPONENT_MAX, SLOPE_EXPONENT_MAX)
        by_slope = np.exp(exponents)[self.pairs.search] * self.scores
        return by_slope + (self.queries @ weights[1])[self.pairs.search], by_slope

    def _derivatives(self, weights: Numbers) -> tuple[Numbers, Numbers]:
        """First, [2 * (dims + 1)], and expected second ones. Summed by search first: pairs of one share its vector."""
        logits, by_slope = self._logits(weights)
        likely = 0.5 + 0.5 * np.tanh(logits / 2)
        off, unsure = (likely - self.marks) / len(logits), likely * (1 - likely) / len(logits)
        held = np.full(weights.shape, self.penalty)
        held[:, -1] = 0
        gradient = np.stack([self._by_search(off * by_slope), self._by_search(off)]) @ self.queries + held * weights
        corner = self._crossed(unsure * by_slope)
        curvature = np.block([[self._crossed(unsure * by_slope**2), corner], [corner, self._crossed(unsure)]])
        return gradient.ravel(), curvature + np.diag(held.ravel())

    def _by_search(self, values: Numbers) -> Numbers:
        return np.bincount(self.pairs.search, values, minlength=len(self.queries)).astype(np.float64, copy=False)

    def _crossed(self, values: Numbers) -> Numbers:
        """[dims + 1, dims + 1]: the sum over pairs of value * q q'."""
        return self.queries.T @ (self._by_search(values)[:, None] * self.queries)


def _start(one: _Problem) -> Numbers:
    """Of one curve: a slope of 1, and the share of good pairs at the mean score."""
    share = one.marks.mean()
    return np.array([[0.0], [np.log(share / (1 - share)) - one.scores.mean()]])


def _check_told_apart(pairs: Pairs) -> None:
    good, bad = pairs.scores[pairs.good], pairs.scores[~pairs.good]
    if not len(good) or not len(bad) or not good.mean() > bad.mean():
        found = f"{len(good):,} wanted items score {_mean(good)}, {len(bad):,} others {_mean(bad)}"
        raise Refused(
            f"a cut-off needs towers that tell them apart: {found}: train longer, or set cut_off.searches = 0"
        )


def _mean(scores: Float32s) -> str:
    return f"{scores.mean():.3f} in the mean" if len(scores) else "nothing"


def _as_cut_off(weights: Numbers, score_unit: float, centre: Numbers, length: float) -> CutOff:
    """In the units of scores and vectors as they are."""
    slopes, offsets = (np.zeros(len(centre)) if row.size == 1 else row[:-1] / length for row in weights)
    return CutOff(
        slope_weights=slopes.astype(np.float32),
        slope_bias=float(weights[0, -1] - slopes @ centre - np.log(score_unit)),
        offset_weights=offsets.astype(np.float32),
        offset_bias=float(weights[1, -1] - offsets @ centre),
        least=UNCUT,
    )
