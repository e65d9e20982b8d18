"""The objectives over stages in plain NumPy, one search and one sum at a time, written from the formulas."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np
import tensorflow as tf

from tests.unit.trainer.losses_by_hand import Doubles, log_sum_exp
from trainer.configs.config import TrainingConfig
from trainer.losses.impressions import Impressions
from trainer.losses.objective import staged_objective
from trainer.models.layers.layer import Tensor
from trainer.replicas import WHOLE, Part


@dataclass(frozen=True)
class Search:
    """What one search showed, as rows of a small catalogue."""

    clicked: Sequence[int]
    """What was ordered first."""
    ordered: int
    """How many of them were."""
    unclicked: Sequence[int]
    known: Sequence[int] = ()
    """Clicked, too, but beyond the cap of the group."""


@dataclass(frozen=True)
class Searches:
    """A batch."""

    scores: Doubles
    """[B, M], of every search with every item of the catalogue."""
    searches: Sequence[Search]
    pool: Sequence[int]
    clicks: int = 3
    unclicks: int = 4
    """Widths of the groups."""


Values = list[float | None]
"""Of each search; None where it has not what the term is of."""


def by_hand(case: Searches, config: TrainingConfig) -> float:
    """Sum of the terms, each the mean over those searches that have it."""
    terms = _four_terms(case, config) if config.loss.kind == "multi_stage" else _three_levels(case, config)
    total = 0.0
    for weight, values in terms:
        there = [value for value in values if value is not None]
        total += weight * (fmean(there) if there else 0.0)
    return total


def _four_terms(case: Searches, config: TrainingConfig) -> list[tuple[float, Values]]:
    told, tau, rows = config.multi_stage, config.loss.temperature, list(enumerate(case.searches))
    return [
        (told.clicked, [_retrieved(case, row, search.clicked, tau) for row, search in rows]),
        (told.unclicked, [_retrieved(case, row, search.unclicked, tau) for row, search in rows]),
        (told.clicked_pairs, [_ranked(case, row, s.clicked, told.clicked_margin, config) for row, s in rows]),
        (told.ordered_pairs, [_ranked(case, row, _ordered(s), told.ordered_margin, config) for row, s in rows]),
    ]


def _three_levels(case: Searches, config: TrainingConfig) -> list[tuple[float, Values]]:
    told, tau, rows = config.multi_objective, config.loss.temperature, list(enumerate(case.searches))
    return [
        (told.exposed, [_retrieved(case, row, [*s.clicked, *s.unclicked], tau) for row, s in rows]),
        (told.clicked, [_retrieved(case, row, s.clicked, tau, s.unclicked) for row, s in rows]),
        (
            told.ordered,
            [_retrieved(case, row, _ordered(s), tau, [*s.clicked[s.ordered :], *s.unclicked]) for row, s in rows],
        ),
    ]


def _ordered(search: Search) -> Sequence[int]:
    return search.clicked[: search.ordered]


def _negatives(case: Searches, row: int) -> list[int]:
    """Everybody's clicks and the pool, less all that this search showed or clicked."""
    own = case.searches[row]
    shown = {*own.clicked, *own.unclicked, *own.known}
    drawn = [item for search in case.searches for item in search.clicked] + list(case.pool)
    return [item for item in drawn if item not in shown]


def _retrieved(
    case: Searches, row: int, positives: Sequence[int], tau: float, below: Sequence[int] = ()
) -> float | None:
    """Mean of -log( e^(s/tau) / (e^(s/tau) + SUM e^(s'/tau)) )."""
    scores = case.scores[row] / tau
    rivals = [scores[item] for item in [*_negatives(case, row), *below]]
    losses = [log_sum_exp([scores[item], *rivals]) - scores[item] for item in positives]
    return fmean(losses) if losses else None


def _ranked(case: Searches, row: int, above: Sequence[int], margin: float, config: TrainingConfig) -> float | None:
    """Mean of max(0, m - s+ + s-), or of its smooth form."""
    scores, tau = case.scores[row], config.loss.temperature
    losses = []
    for high in above:
        for low in case.searches[row].unclicked:
            over = margin - scores[high] + scores[low]
            smooth = tau * (max(0.0, over / tau) + math.log1p(math.exp(-abs(over / tau))))
            losses.append(max(0.0, over) if config.multi_stage.pairs == "hinge" else smooth)
    return fmean(losses) if losses else None


def slopes_of(case: Searches, config: TrainingConfig, step: float = 1e-5) -> Doubles:
    """Central differences by each score. [B, M]"""
    slopes = np.zeros_like(case.scores)
    for place in np.ndindex(*case.scores.shape):
        moved = np.zeros_like(case.scores)
        moved[place] = step
        up, down = replace(case, scores=case.scores + moved), replace(case, scores=case.scores - moved)
        slopes[place] = (by_hand(up, config) - by_hand(down, config)) / (2 * step)
    return slopes


def by_tensor(case: Searches, config: TrainingConfig, part: Part = WHOLE) -> tuple[Tensor, Doubles]:
    """The loss of a part of the batch, and its slopes by each score."""
    vectors = tf.constant(case.scores.T, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(vectors)
        loss = loss_of(vectors, case, config, part)
    return loss, tf.convert_to_tensor(tape.gradient(loss, vectors)).numpy().T.astype(np.float64)


def loss_of(vectors: Tensor, case: Searches, config: TrainingConfig, part: Part = WHOLE) -> Tensor:
    """`vectors` [M, B] of the items are the scores of the case: its queries are unit vectors."""
    seen = Impressions(
        clicked=_padded([search.clicked for search in case.searches], case.clicks),
        is_ordered=tf.constant([[place < s.ordered for place in range(case.clicks)] for s in case.searches]),
        unclicked=_padded([search.unclicked for search in case.searches], case.unclicks),
    )
    candidates = tf.concat([tf.reshape(seen.clicked, [-1]), tf.constant(case.pool, tf.int32)], 0)
    known = _padded([[*search.clicked, *search.known] for search in case.searches], 8)
    clicked, unclicked, others = (
        tf.gather(vectors, tf.maximum(items, 0)) for items in (seen.clicked, seen.unclicked, candidates)
    )
    return staged_objective(
        part.take(tf.eye(len(case.searches))),
        part.take(clicked),
        part.take(unclicked),
        others,
        candidates,
        part.take(known),
        seen,
        config,
        part=part,
    )


def _padded(rows: Sequence[Sequence[int]], width: int) -> Tensor:
    return tf.constant([[*row, *[-1] * (width - len(row))] for row in rows], tf.int32)
