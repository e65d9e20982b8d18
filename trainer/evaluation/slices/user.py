"""How much is known of the user: behaviours in all windows of the history."""

from collections.abc import Sequence

from trainer.evaluation.slices.dimension import Dimension
from trainer.evaluation.trial import Trial

HEAVY = 20


def _labels(trial: Trial) -> Sequence[str]:
    return [_label(example.history.behaviors) for example in trial.examples]


def _label(behaviors: int) -> str:
    return "new" if not behaviors else "light" if behaviors < HEAVY else "heavy"


USER = Dimension("user", _labels, ("new", "light", "heavy"))
