"""The best k of what is offered, and the score that a further one must exceed."""

import numpy as np

from multigrain.types import Float32s, Int64s


class Best:
    """Kept as columns. Of equal scores at the cut, what was offered first stays."""

    def __init__(self, k: int) -> None:
        self._k = k
        self._item_nos: Int64s = np.zeros(0, np.int64)
        self._scores: Float32s = np.zeros(0, np.float32)
        self.floor = np.float32(0)
        """At or below it nothing is taken any more."""

    def offer(self, item_nos: Int64s, places: Int64s, scores: Float32s) -> None:
        """These places of `item_nos`, and the scores of these places."""
        above = np.flatnonzero(scores > self.floor)
        if len(above) > self._k:
            above = above[self._best(scores[above])]
        self._item_nos = np.concatenate((self._item_nos, item_nos[places[above]]))
        self._scores = np.concatenate((self._scores, scores[above]))
        if len(self._scores) >= self._k:
            kept = self._best(self._scores)
            self._item_nos, self._scores = self._item_nos[kept], self._scores[kept]
            self.floor = self._scores.min()

    def ranked(self) -> tuple[Int64s, Float32s]:
        """Best first; equal ones by item_no."""
        order = np.lexsort((self._item_nos, -self._scores))
        return self._item_nos[order], self._scores[order]

    def _best(self, scores: Float32s) -> Int64s:
        worst = np.partition(scores, len(scores) - self._k)[len(scores) - self._k]
        kept = np.flatnonzero(scores > worst)
        return np.concatenate((kept, np.flatnonzero(scores == worst)[: self._k - len(kept)]))
