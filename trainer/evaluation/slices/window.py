"""Which one window of history holds the brand that was clicked; nowhere where none does, or several do."""

from collections.abc import Sequence

from trainer.evaluation.slices.dimension import NOWHERE, Dimension
from trainer.evaluation.trial import Trial
from trainer.evaluation.window_slices import WINDOWS, slices_of


def _labels(trial: Trial) -> Sequence[str]:
    labels = [NOWHERE] * len(trial)
    for part in slices_of(trial.examples, {item.item_id: item for item in trial.items}):
        for row in part.rows:
            labels[row] = f"only {part.window}"
    return labels


WINDOW = Dimension("window", _labels, tuple(f"only {window}" for window in WINDOWS))
