"""The truth behind simulated logs as a judge: good is at least a substitute for what was asked."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from multigrain.types import Bools, Item
from trainer.evaluation.truth import SUBSTITUTE, Truth


class TruthJudge:
    """Judges what the simulation knows; raises NotFound for the rest."""

    name = "the simulation's truth"

    def __init__(self, truth: Truth) -> None:
        self._truth = truth

    def good(self, queries: Sequence[str], items: Sequence[Item]) -> Bools:
        ids = pa.array([item.item_id for item in items], pa.string())
        return np.asarray(self._truth.grades(pa.array(queries, pa.string()), ids) >= SUBSTITUTE)
