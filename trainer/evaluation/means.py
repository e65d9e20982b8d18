"""Values of searches -> means over slices, each with an interval."""

from collections.abc import Mapping

import numpy as np

from multigrain.types import Int64s
from trainer.evaluation.metrics.hits import Values
from trainer.evaluation.report import Cell

NORMAL_95 = 1.96
"""Standard errors to either side of a mean that 95 % of such means lie within."""


def cells(values: Mapping[str, Values], parts: Mapping[str, Int64s]) -> dict[str, dict[str, Cell]]:
    """Metric -> slice -> mean. A slice about which a metric says nothing is left out."""
    found = {
        metric: {name: cell for name, rows in parts.items() if (cell := _cell(of_all[rows])) is not None}
        for metric, of_all in values.items()
    }
    return {metric: means for metric, means in found.items() if means}


def _cell(values: Values) -> Cell | None:
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    mean = float(known.mean())
    # One search has no spread to judge by; so small a slice is marked wherever it is shown.
    error = NORMAL_95 * float(known.std(ddof=1)) / len(known) ** 0.5 if len(known) > 1 else 0.0
    return Cell(mean=mean, low=mean - error, high=mean + error, queries=len(known))
