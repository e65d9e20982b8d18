"""Of the items that some words lead to, which value do most of them have, and how sure is that."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from multigrain.types import Int64s
from trainer.data.key_terms.facts import NONE, Codes

Z = 1.645
"""Of a bound that the true share lies above with 95 %."""

Float64s = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Favourites:
    """For each group the value that most of its weight has; all [groups]."""

    codes: Codes
    """NONE: no value at all."""
    hits: Int64s
    totals: Int64s
    """Of all that the group leads to, also where no value is said."""


def favourites(groups: Int64s, codes: Codes, weights: Int64s, *, count: int) -> Favourites:
    """Rows (group, code, weight) -> one favourite each of `count` groups; of equal values that with the lower code."""
    width = int(codes.max(initial=NONE)) + 1
    said = codes != NONE
    keys, inverse = np.unique(groups[said] * max(width, 1) + codes[said], return_inverse=True)
    sums = _sums(inverse, weights[said], len(keys))
    group, code = np.divmod(keys, max(width, 1))
    order = np.lexsort((-code, sums, group))
    group, code, sums = group[order], code[order], sums[order]
    last = np.flatnonzero(np.append(np.diff(group), 1)) if len(group) else np.zeros(0, np.int64)
    best = Favourites(np.full(count, NONE, np.int32), np.zeros(count, np.int64), _sums(groups, weights, count))
    best.codes[group[last]] = code[last]
    best.hits[group[last]] = sums[last]
    return best


def surely(hits: Int64s, totals: Int64s) -> Float64s:
    """The lower bound of Wilson's interval for the share hits / totals; 0 where there is nothing to share."""
    n = np.maximum(totals, 1).astype(np.float64)
    share = hits / n
    middle = share + Z * Z / (2 * n)
    spread = Z * np.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return np.where(totals > 0, (middle - spread) / (1 + Z * Z / n), 0.0)


def _sums(groups: Int64s, weights: Int64s, count: int) -> Int64s:
    """Of whole numbers below 2^53, so the floats in between are exact."""
    return np.bincount(groups, weights, minlength=count).astype(np.int64)
