"""How high the towers place what a search's items came to: ordered, merely clicked, seen and left alone, any item.

A height is a score less the mean score of all items, over their standard deviation: both of the same search. So any
item stands at 0, heights of different searches can be averaged, and so can those of models with longer vectors. What a
user left alone was found relevant enough to be shown, so its place is below the clicks and above 0.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from multigrain.types import Float32s
from trainer.evaluation.metrics.hits import Values, mean
from trainer.evaluation.systems.exact import ExactSystem
from trainer.evaluation.trial import Trial

_SEARCHES_AT_ONCE = 256


def stage_order(system: ExactSystem, trial: Trial) -> dict[str, float]:
    """By name: height_ordered, height_clicked (and not ordered), height_unclicked; and of the pairs of one search the
    share that stands in order: ordered_over_unclicked, clicked_over_unclicked.

    Each is a mean over the searches that have what it is of; one that no search has is left out.
    """
    rows = [_of_one(*search) for search in _searches(system, trial)]
    found = {name: mean(np.array([row[name] for row in rows])) for name in rows[0]} if rows else {}
    return {name: value for name, value in found.items() if not np.isnan(value)}


def _searches(system: ExactSystem, trial: Trial) -> Iterator[tuple[Float32s, list[int], list[int], list[int]]]:
    """Of each search the heights of all items, and the rows of what was clicked, ordered and left alone."""
    queries, items = system.queries(trial), system.vectors(trial)
    groups = list(zip(trial.wanted, trial.ordered, trial.unclicked, strict=True))
    for start in range(0, len(queries), _SEARCHES_AT_ONCE):
        scores = queries[start : start + _SEARCHES_AT_ONCE] @ items.T
        scores -= scores.mean(1, keepdims=True)
        # Vectors of nothing score alike: every item stands at 0 then.
        spread = scores.std(1, keepdims=True)
        heights = np.divide(scores, spread, out=np.zeros_like(scores), where=spread > 0)
        yield from ((heights[place], *group) for place, group in enumerate(groups[start : start + _SEARCHES_AT_ONCE]))


def _of_one(
    heights: Float32s, clicked: Sequence[int], ordered: Sequence[int], unclicked: Sequence[int]
) -> dict[str, float]:
    """NaN for what the search has not."""
    bought, liked, left = (heights[list(rows)] for rows in (ordered, set(clicked) - set(ordered), unclicked))
    return {
        "height_ordered": mean(bought.astype(np.float64)),
        "height_clicked": mean(liked.astype(np.float64)),
        "height_unclicked": mean(left.astype(np.float64)),
        "ordered_over_unclicked": mean(_in_order(bought, left)),
        "clicked_over_unclicked": mean(_in_order(liked, left)),
    }


def _in_order(above: Float32s, below: Float32s) -> Values:
    """Of each pair whether it stands in order, half where both stand alike. [P] and [U] -> [P U]"""
    gaps = above[:, np.newaxis] - below
    shares: Values = ((gaps > 0) + 0.5 * (gaps == 0)).reshape(-1)
    return shares
