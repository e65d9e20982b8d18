"""How known the item is that was clicked first: by its clicks before the test part."""

from collections.abc import Sequence

from trainer.evaluation.slices.dimension import Dimension
from trainer.evaluation.trial import Trial

RARE = 10


def _labels(trial: Trial) -> Sequence[str]:
    return [_label(int(trial.clicks[rows[0]])) for rows in trial.wanted]


def _label(clicks: int) -> str:
    return "never clicked" if not clicks else f"1-{RARE - 1} clicks" if clicks < RARE else f"{RARE} clicks and more"


ITEM = Dimension("item", _labels, ("never clicked",))
