"""The yardstick that reads nothing: the most clicked items, the same for every query."""

from collections.abc import Sequence

import numpy as np

from trainer.evaluation.systems.system import Answers, Stage, Tell, padded
from trainer.evaluation.trial import Trial

POPULARITY = "popularity"


class PopularitySystem:
    """Items by their clicks before the test part; equal ones in the order of the catalogue."""

    name = bundle_id = POPULARITY

    def stages(self, trial: Trial, k: int, tell: Tell) -> Sequence[Stage]:
        members = [np.arange(len(trial.items))] if trial.pools is None else trial.pools.members
        best = [rows[np.argsort(-trial.clicks[rows], kind="stable")[:k]] for rows in members]
        found = padded(best, k)[np.zeros(len(trial), np.int64) if trial.pools is None else trial.pools.of]
        tell(len(trial), len(trial))
        return [Stage(POPULARITY, "the most clicked items, the same for every query", Answers(rows=found))]

    def why(self, trial: Trial, search: int, row: int) -> str:
        clicks = trial.clicks
        return f"{clicks[row]:,} clicks, which {int((clicks > clicks[row]).sum()):,} items exceed"
