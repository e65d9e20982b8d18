"""A segment as one snapshot sees it: which of its titles are still there, and what their lengths are worth today."""

from dataclasses import dataclass

import numpy as np

from multigrain.types import Bools, Float32s
from server.lexical.segment import Segment


@dataclass(frozen=True, slots=True)
class Shelf:
    """Replaced, never changed: a search keeps the one that it began with."""

    segment: Segment
    norms: Float32s
    """By place: what a title's length makes of its words; see bm25.py. They never rise with the place."""
    alive: Bools | None
    """By place: False where the title was replaced or removed since; None: all are there."""

    mean_length: float
    """That the norms were made for."""

    @property
    def count(self) -> int:
        return self.segment.count if self.alive is None else int(np.count_nonzero(self.alive))
