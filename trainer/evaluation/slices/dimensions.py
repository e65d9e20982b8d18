"""Every way in which searches are cut apart, in the order in which reports show them."""

from collections.abc import Mapping

import numpy as np

from multigrain.types import Int64s
from trainer.evaluation.report import ALL
from trainer.evaluation.slices.dimension import NOWHERE, Dimension
from trainer.evaluation.slices.frequency import FREQUENCY
from trainer.evaluation.slices.item import ITEM
from trainer.evaluation.slices.kind import KIND
from trainer.evaluation.slices.language import LANGUAGE
from trainer.evaluation.slices.length import LENGTH
from trainer.evaluation.slices.pool import POOL
from trainer.evaluation.slices.price import PRICE
from trainer.evaluation.slices.spelling import SPELLING
from trainer.evaluation.slices.user import USER
from trainer.evaluation.slices.window import WINDOW
from trainer.evaluation.trial import Trial

DIMENSIONS: tuple[Dimension, ...] = (FREQUENCY, KIND, LENGTH, LANGUAGE, SPELLING, USER, ITEM, PRICE, WINDOW, POOL)


def slices(trial: Trial) -> Mapping[str, Int64s]:
    """Slice -> the places of its searches; first that of all. A dimension with one slice only tells nothing."""
    found = {ALL: np.arange(len(trial))}
    for dimension in DIMENSIONS:
        labels = np.array(dimension.labels(trial), object)
        there = set(labels) - {NOWHERE}
        names = [*(name for name in dimension.order if name in there), *sorted(there.difference(dimension.order))]
        if len(names) > 1:
            found |= {f"{dimension.name}: {name}": np.flatnonzero(labels == name) for name in names}
    return found
