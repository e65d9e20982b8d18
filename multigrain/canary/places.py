"""Places of answers, held against towers and catalogue: an index that gives wrong scores finds items, too."""

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from multigrain.canary.probe import Probe
from multigrain.index.item_index import Found
from multigrain.types import Bools, Float32s, Int64s

PLACES = 512
"""Drawn from the answers: shares of some percent show."""


class Fault(IntEnum):
    """What is wrong at a place; of several things the first."""

    NONE = 0
    REPEATED = 1
    """The item stands in the same answer before."""
    UNKNOWN = 2
    """The catalogue knows no such item, or knows it to be removed."""
    WRONG_SCORE = 3
    """It is not what the towers give that item."""


@dataclass(frozen=True, slots=True)
class Places:
    """Places of answers, as columns: the query by its row, the item there, and the fault."""

    queries: Int64s
    item_nos: Int64s
    faults: NDArray[np.int8]

    @property
    def is_faulty(self) -> Bools:
        is_faulty: Bools = self.faults != Fault.NONE
        return is_faulty

    def count(self, fault: Fault) -> int:
        return int(np.count_nonzero(self.faults == fault))


def draw_places(vectors: Float32s, answers: Found, probe: Probe, rng: np.random.Generator) -> Places:
    """Looks at so many places at random."""
    queries, places = np.nonzero(answers.item_nos >= 0)
    chosen = np.sort(rng.permutation(len(queries))[:PLACES])
    return _judged(vectors, answers, queries[chosen], places[chosen], probe)


def still_faulty(places: Places, vectors: Float32s, probe: Probe) -> Places:
    """The same places; a fault stays if the item has one in an answer of now, too."""
    suspects = np.flatnonzero(places.is_faulty)
    rows, again = np.unique(places.queries[suspects], return_inverse=True)
    answers = probe.search(vectors[rows])
    suspected = np.zeros(answers.item_nos.shape, np.bool_)
    for answer, item_no in zip(again, places.item_nos[suspects], strict=True):
        suspected[answer] |= answers.item_nos[answer] == item_no
    queries, at = np.nonzero(suspected)
    now = _judged(vectors[rows], answers, queries, at, probe)
    bad = set(zip(now.queries[now.is_faulty].tolist(), now.item_nos[now.is_faulty].tolist(), strict=True))
    faults = places.faults.copy()
    for suspect, answer in zip(suspects, again, strict=True):
        if (int(answer), int(places.item_nos[suspect])) not in bad:
            faults[suspect] = Fault.NONE
    return replace(places, faults=faults)


def _judged(vectors: Float32s, answers: Found, queries: Int64s, places: Int64s, probe: Probe) -> Places:
    item_nos, scores = answers.item_nos[queries, places], answers.scores[queries, places]
    known, truth = probe.vectors_of(np.unique(item_nos))
    faults = np.full(len(item_nos), Fault.UNKNOWN, np.int8)
    there = np.isin(item_nos, known)
    asked, items = vectors[queries[there]], truth[np.searchsorted(known, item_nos[there])]
    room = probe.score * np.linalg.norm(asked, axis=1) * np.linalg.norm(items, axis=1)
    # Not 'is wrong beyond': a score that is no number would pass.
    is_right = np.abs((asked * items).sum(axis=1) - scores[there]) <= room
    faults[there] = np.where(is_right, Fault.NONE, Fault.WRONG_SCORE)
    for row, (query, place) in enumerate(zip(queries, places, strict=True)):
        if item_nos[row] in answers.item_nos[query, :place]:
            faults[row] = Fault.REPEATED
    return Places(queries, item_nos, faults)
