"""How far a query may bend its curve, and where the curves are cut: both by pairs that no curve was fitted to."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from multigrain.cut_off import CutOff
from multigrain.errors import Refused
from trainer.cut_off.fitting import fit_curves, fit_one_curve
from trainer.cut_off.pairs import Pairs

RULE = 1
"""Of what is sampled, fitted and chosen: a cut-off that another rule made is made again."""
PENALTIES = (1.0, 0.1, 0.01, 0.001, 0.0001, 0.00001)
"""Tried in this order. By the first the curves hardly differ, by the last a few thousand searches are learnt by heart.
"""
LEAST_MIN, LEAST_MAX = 1e-9, 1 - 1e-9
"""Curves may be surer than that; the file takes no 0 and no 1."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was fitted, and what won."""

    cut_off: CutOff
    one_curve: CutOff
    """The same for all queries, cut by the same rule."""
    penalty: float | None
    """None: no penalty made curves that are better than one for all."""


def choose(fitted_on: Pairs, held_out: Pairs, keep: float) -> Choice:
    """The curves with the lowest log loss on the held-out pairs, cut so that `keep` of the wanted ones stay.

    Raises Refused where there are too few to say where.
    """
    one_curve = brought_to(held_out, fit_one_curve(fitted_on))
    best, penalty, lowest = one_curve, None, log_loss(one_curve, held_out)
    for tried in PENALTIES:
        curves = brought_to(held_out, fit_curves(fitted_on, tried))
        if (loss := log_loss(curves, held_out)) < lowest:
            best, penalty, lowest = curves, tried, loss
    cut, one_cut = (replace(curves, least=least_for(curves, held_out, keep)) for curves in (best, one_curve))
    return Choice(cut, one_cut, penalty)


def brought_to(pairs: Pairs, curves: CutOff) -> CutOff:
    """The same curves, all steeper or flatter and higher or lower together, as these pairs have it.

    Two numbers, which half a few hundred searches can tell. Fitted to searches that the towers have learnt, curves are
    too sure of the others.
    """
    own = np.array([curves.curve(vector) for vector in pairs.vectors]).reshape(-1, 2)[pairs.search]
    logits = own[:, 0] * pairs.scores + own[:, 1]
    one = fit_one_curve(replace(pairs, scores=logits.astype(np.float32)))
    steeper = float(np.exp(one.slope_bias))
    return replace(
        curves,
        slope_bias=curves.slope_bias + one.slope_bias,
        offset_weights=(steeper * curves.offset_weights).astype(np.float32),
        offset_bias=steeper * curves.offset_bias + one.offset_bias,
    )


def probabilities_of(cut_off: CutOff, pairs: Pairs) -> NDArray[np.float64]:
    """[n]"""
    found, order = np.empty(len(pairs.scores)), np.argsort(pairs.search, kind="stable")
    ends = np.searchsorted(pairs.search[order], np.arange(1, len(pairs.vectors)))
    for vector, its in zip(pairs.vectors, np.split(order, ends), strict=True):
        found[its] = cut_off.probabilities(vector, pairs.scores[its])
    return found


def log_loss(cut_off: CutOff, pairs: Pairs) -> float:
    """The mean of it, in nats."""
    likely = np.clip(probabilities_of(cut_off, pairs), LEAST_MIN, LEAST_MAX)
    return float(-np.log(np.where(pairs.good, likely, 1 - likely)).mean())


def least_for(curves: CutOff, held_out: Pairs, keep: float) -> float:
    """The highest probability that keeps this share of the wanted ones. Raises Refused where they are too few."""
    wanted = np.sort(probabilities_of(curves, held_out)[held_out.good])
    # A hair more: 100 * (1 - 0.99) is a little above 1 in floats, and 10 * (1 - 0.9) a little below.
    lost = int(np.floor(len(wanted) * (1 - keep) + 1e-9))
    if lost < 1:
        needed = int(np.ceil(1 / (1 - keep) - 1e-9))
        raise Refused(
            f"{len(wanted)} held-out wanted items cannot say where {keep:.2%} of them stay, {needed} are needed: "
            "raise run.held_out, bring more logs, or lower cut_off.keep"
        )
    return float(np.clip(wanted[lost], LEAST_MIN, LEAST_MAX))
