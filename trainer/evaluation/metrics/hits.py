"""Where in its answer each query was given what it wanted: what the formulas of recall, MRR and the like read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Int64s

Values = NDArray[np.float64]
"""One number a query. NaN: the metric says nothing about that query, and no mean counts it."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Answers against targets."""

    at: NDArray[np.bool_]
    """[B, K], True where a target stands, best rank first. A target that is answered twice is a hit once."""
    targets: Int64s
    """[B], how many different ones each query has."""

    def shares(self, numerator: NDArray[np.int64] | Values) -> Values:
        """`numerator` [B] over the number of targets; NaN without any."""
        shares: Values = np.divide(
            numerator, self.targets, out=np.full(len(self.targets), np.nan), where=self.targets > 0
        )
        return shares

    def known(self, values: Values) -> Values:
        """`values` [B], NaN where there is no target."""
        return np.where(self.targets > 0, values, np.nan)


def hits_of(found: Int64s, wanted: Sequence[Sequence[int]]) -> Hits:
    """`found` [B, K]: rows, best first; below 0: nothing. `wanted`: each query's targets."""
    if len(found) != len(wanted):
        raise ValueError(f"{len(found)} answers and {len(wanted)} lists of targets: one list for each answer")
    targets = [np.unique(np.asarray(rows, np.int64)) for rows in wanted]
    own = np.array([len(rows) for rows in targets], np.int64)
    # One number for each (query, row), so that all queries are looked up at once.
    rows = 1 + max([int(found.max(initial=0)), *(int(rows[-1]) for rows in targets if len(rows))])
    sought = np.repeat(np.arange(len(own)), own) * rows + np.concatenate([np.zeros(0, np.int64), *targets])
    pairs = np.where(found < 0, -1, found + np.arange(len(found))[:, None] * rows).reshape(-1)
    right = np.flatnonzero(np.isin(pairs, sought))
    _, first = np.unique(pairs[right], return_index=True)
    at = np.zeros(pairs.shape, np.bool_)
    at[right[first]] = True
    return Hits(at.reshape(found.shape), own)


def mean(values: Values) -> float:
    """Over the queries of which something is known; NaN where that is none."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
