"""A relevance teacher as a judge: good is what it gives more than its own threshold."""

from collections.abc import Sequence

import numpy as np

from multigrain.types import Bools, Item
from trainer.teacher.teacher import Teacher


class TeacherJudge:
    """Judges anything, as well as its AUC says."""

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher
        self.name = f"teacher {teacher.teacher_id}, AUC {teacher.auc:.3f} on held-out judgments"

    def good(self, queries: Sequence[str], items: Sequence[Item]) -> Bools:
        return np.asarray(self._teacher.probabilities(queries, items) >= self._teacher.threshold)
