"""The objectives in plain NumPy, one row and one sum at a time, written from the formulas. Slow, and double."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trainer.configs.config import LossConfig

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """What an objective is told, as scores instead of vectors."""

    scores: Doubles
    """Raw inner products [B, C]."""
    candidates: NDArray[np.int32]
    known: NDArray[np.int32]
    draws: NDArray[np.float32]
    alphas: Doubles
    """[B, N]"""


def objective_by_hand(case: Case, config: LossConfig) -> float:
    """Mean over the rows."""
    row_loss = hinge_row if config.kind == "hinge" else softmax_row
    return float(np.mean([row_loss(case, row, config) for row in range(len(case.scores))]))


def softmax_row(case: Case, row: int, config: LossConfig) -> float:
    """Mean over the positives of -log softmax."""
    scores, q = case.scores[row], case.draws if config.log_q else np.ones(len(case.candidates))
    negatives = negatives_of(case, row)
    hard = sorted((scores[c] for c in negatives), reverse=True)[: config.mixed]
    losses = []
    for p in positives_of(case, row) if config.positives == "many" else [row]:
        own = scores[p] / config.temperature - math.log(q[p])
        others = [scores[c] / config.temperature - math.log(q[c]) for c in negatives]
        mixes = [
            (a * scores[p] + (1 - a) * h) / config.temperature for a, h in zip(case.alphas[row], hard, strict=False)
        ]
        losses.append(-own + log_sum_exp([own, *others, *mixes]))
    return sum(losses) / len(losses)


def hinge_row(case: Case, row: int, config: LossConfig) -> float:
    """Mean over the negatives of max(0, margin - s+ + s-)."""
    scores = case.scores[row]
    hinges = [max(0.0, config.margin - scores[row] + scores[c]) for c in negatives_of(case, row)]
    return sum(hinges) / len(hinges) if hinges else 0.0


def negatives_of(case: Case, row: int) -> list[int]:
    return [c for c, item in enumerate(case.candidates) if c != row and item not in case.known[row]]


def positives_of(case: Case, row: int) -> list[int]:
    """The row's own column, then the first column of each other known item that is there."""
    others = {item for item in case.known[row] if item not in (-1, case.candidates[row])}
    return [row, *(list(case.candidates).index(item) for item in others if item in case.candidates)]


def log_sum_exp(values: list[float]) -> float:
    top = max(values)
    return top + math.log(sum(math.exp(value - top) for value in values))


def slopes_by_hand(case: Case, loss: Callable[[Case], float], step: float = 1e-5) -> Doubles:
    """Central differences of a loss by each raw inner product. [B, C]"""
    slopes = np.zeros_like(case.scores)
    for place in np.ndindex(*case.scores.shape):
        moved = np.zeros_like(case.scores)
        moved[place] = step
        up, down = replace(case, scores=case.scores + moved), replace(case, scores=case.scores - moved)
        slopes[place] = (loss(up) - loss(down)) / (2 * step)
    return slopes
