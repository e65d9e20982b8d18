"""Among how many items the search is ranked, where that is not the whole catalogue: among few, anything is found."""

from collections.abc import Sequence

from trainer.evaluation.slices.dimension import NOWHERE, Dimension
from trainer.evaluation.trial import Trial

FEW = 5
BANDS = (f"fewer than {FEW} items", f"{FEW} items and more")


def _labels(trial: Trial) -> Sequence[str]:
    if trial.pools is None:
        return [NOWHERE] * len(trial)
    sizes = [len(rows) for rows in trial.pools.members]
    return [BANDS[sizes[pool] >= FEW] for pool in trial.pools.of.tolist()]


POOL = Dimension("pool", _labels, BANDS)
