"""What a canary saw of an index, and what follows from it. Pure: counts in, a verdict out.

An index is refused only when chance does not explain what was seen: a canary that cannot fail is worthless, and one
that fires on noise is switched off.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from multigrain.types import Bools, Int64s

Z = 2.576
"""The intervals hold in 99 of 100 looks. A server looks some hundred times a day."""
FAULTS_ALLOWED = 0.01
"""Of the places of an answer. Writes on their way explain a few; a stale or foreign index has many times more."""


class CanaryVerdict(StrEnum):
    """What a look says of an index."""

    PASSED = "passed"
    UNDECIDED = "undecided"
    """Too little was seen to say that it is good, and nothing that says it is bad."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryReport:
    """One look at an index."""

    queries: int
    k: int
    items: int
    """Of the catalogue, drawn at random."""
    trials: int
    """Pairs of a query and a drawn item that must be in its answer."""
    missed: int
    """Of the trials: items that were not in the answer."""
    low: float
    """Of the interval of the recall; with `high` 0 and 1 when there was no trial."""
    high: float
    checked: int
    """Places of answers, drawn at random and held against towers and catalogue."""
    wrong_scores: int
    """Of those: the score is not what the towers give that item."""
    unknown: int
    """Of those: the catalogue knows no such item, or knows it to be removed."""
    repeated: int
    """Of those: the item stands in the same answer before."""

    @property
    def recall(self) -> float:
        """Found / should be there; 0 when there was no trial."""
        return (self.trials - self.missed) / self.trials if self.trials else 0.0

    @property
    def faults(self) -> int:
        return self.wrong_scores + self.unknown + self.repeated

    def verdict(self, floor: float) -> CanaryVerdict:
        """Refused when even the better end of an interval is not good enough; passed when both were seen to hold."""
        if self.high < floor or wilson(self.faults, self.checked)[0] > FAULTS_ALLOWED:
            return CanaryVerdict.REFUSED
        if not self.trials or not self.checked or self.recall < floor:
            return CanaryVerdict.UNDECIDED
        return CanaryVerdict.PASSED

    def passes(self, floor: float) -> bool:
        """Whether nothing speaks against the index: undecided is no refusal."""
        return self.verdict(floor) is not CanaryVerdict.REFUSED

    def describe(self, floor: float) -> str:
        """A sentence with every figure, for logs and refusals."""
        return (
            f"it finds {self.recall:.4f} of the exact {self.k} nearest ({self.low:.4f} to {self.high:.4f} over "
            f"{self.trials:,} trials, {floor:.4f} is the floor); of {self.checked:,} places {self.wrong_scores:,} have "
            f"a score that the towers do not give, {self.unknown:,} an unknown item, {self.repeated:,} a repeated one"
        )


def wilson(hits: float, trials: float) -> tuple[float, float]:
    """The interval of a share, of which `hits` in `trials` were seen; all of it when nothing was."""
    if trials <= 0:
        return 0.0, 1.0
    share, spread = hits / trials, Z * Z / trials
    middle = (share + spread / 2) / (1 + spread)
    reach = Z / (1 + spread) * math.sqrt(max(0.0, share * (1 - share) / trials) + spread / (4 * trials))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def recall_interval(queries: Int64s, items: Int64s, missed: Bools) -> tuple[float, float]:
    """Of the recall over these trials: the query and the item of each, and whether it was missed.

    Trials are no coins tossed apart: an item that the index lost is missed by every query that should find it. So they
    count as the smaller number of free trials that would spread as wide, by queries or by items, whichever is wider.
    """
    if not len(missed):
        return 0.0, 1.0
    wider = max(1.0, *(_spread_over(groups, missed) for groups in (queries, items)))
    free = len(missed) / wider
    share = float(missed.mean())
    low, high = wilson(share * free, free)
    return 1 - high, 1 - low


def _spread_over(groups: Int64s, missed: Bools) -> float:
    """How many times wider the share varies over groups than over single trials; 1 when it does not vary."""
    count, share = len(missed), float(missed.mean())
    alone = share * (1 - share) * count
    _, group = np.unique(groups, return_inverse=True)
    sizes, missed_in = np.bincount(group), np.bincount(group, weights=missed)
    if alone <= 0 or len(sizes) < 2:
        return 1.0
    return float(len(sizes) / (len(sizes) - 1) * np.square(missed_in - share * sizes).sum() / alone)
