"""Whether a probability is what happens: pairs in ten bins by what they were promised, and what became of them."""

from dataclasses import dataclass

import numpy as np

from multigrain.cut_off import CutOff
from trainer.cut_off.choosing import log_loss, probabilities_of
from trainer.cut_off.pairs import Pairs

BINS = 10
"""Of equal width: 0 to 0.1, 0.1 to 0.2 ..."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs of about one probability."""

    pairs: int
    promised: float
    """Their mean probability."""
    good: float
    """The share of them that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Of one cut-off, on pairs that had no say in it."""

    bins: tuple[Bin, ...]
    """Without the empty ones."""
    calibration_error: float
    """The mean over pairs of how far promise and share of their bin are apart."""
    log_loss: float
    wanted_lost: float
    """Share of the good pairs below the least."""
    others_dropped: float
    """The same of the others."""


def reliability_of(cut_off: CutOff, pairs: Pairs) -> Reliability:
    likely = probabilities_of(cut_off, pairs)
    number = np.minimum((likely * BINS).astype(np.int64), BINS - 1)
    bins = [
        Bin(int(its.sum()), float(likely[its].mean()), float(pairs.good[its].mean()))
        for its in (number == nth for nth in range(BINS))
        if its.any()
    ]
    below = likely < cut_off.least
    return Reliability(
        bins=tuple(bins),
        calibration_error=sum(one.pairs * abs(one.promised - one.good) for one in bins) / len(likely),
        log_loss=log_loss(cut_off, pairs),
        wanted_lost=_share(below[pairs.good]),
        others_dropped=_share(below[~pairs.good]),
    )


def _share(marks: np.ndarray) -> float:
    return float(marks.mean()) if len(marks) else float("nan")
