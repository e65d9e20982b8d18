"""What the item that was clicked first costs, in quarters of the catalogue's prices. Nowhere where it has none."""

from collections.abc import Sequence

import numpy as np

from trainer.evaluation.slices.dimension import NOWHERE, Dimension
from trainer.evaluation.trial import Trial

BANDS = ("cheapest quarter", "second quarter", "third quarter", "dearest quarter")


def _labels(trial: Trial) -> Sequence[str]:
    prices = np.array([item.price for item in trial.items])
    priced = prices[prices > 0]
    if len(np.unique(priced)) < len(BANDS):
        return [NOWHERE] * len(trial)
    edges = np.quantile(priced, [0.25, 0.5, 0.75])
    paid = prices[[rows[0] for rows in trial.wanted]]
    return [BANDS[np.searchsorted(edges, price, side="left")] if price > 0 else NOWHERE for price in paid]


PRICE = Dimension("price", _labels, BANDS)
