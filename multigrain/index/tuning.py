"""The cheapest search parameters that find enough: what of a kind can be turned, and a search for its least value.

Pure: how much a setting finds is asked of whoever calls. More of a parameter finds more and takes longer.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from multigrain.index.kinds.cells import Cells
from multigrain.index.kinds.gpu import GPU_MAX_K, WARP
from multigrain.index.kinds.graphs import MAX_BEAM
from multigrain.index.specs import DiskAnn, GpuCagra, GpuCagraForCpu, Hnsw, IndexSpec, Scann

NEAR_ENOUGH = 0.05
"""Two settings this near cost the same: no setting between them is tried."""
MOST_FOR_ONE = 64
"""Candidates looked at for each one asked for, at the most: beyond, exact search is cheaper."""
LEAST_BEAM = 4_096
"""So far a walk is widened even for a small k."""

RecallOf = Callable[[IndexSpec], float]
"""The share of the exact nearest that a setting finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knob:
    """A search parameter, and what it may be: `low`, and multiples of `step` above it up to `high`."""

    field: str
    low: int
    high: int
    step: int = 1

    def turned(self, spec: IndexSpec, value: int) -> IndexSpec:
        return replace(spec, **{self.field: value})

    def value(self, spec: IndexSpec) -> int:
        found: int = getattr(spec, self.field)
        return found

    def at_least(self, wanted: float) -> int:
        """The next value that is allowed."""
        return min(self.high, max(self.low, math.ceil(wanted / self.step) * self.step))


@dataclass(frozen=True, slots=True)
class Tried:
    """A setting, and what it found."""

    spec: IndexSpec
    recall: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came of it."""

    chosen: Tried | None
    """None: no setting finds enough."""
    tried: tuple[Tried, ...]
    """In the order of trying."""

    @property
    def best(self) -> Tried:
        """The setting that found most."""
        return max(self.tried, key=lambda tried: tried.recall)


def knobs_of(spec: IndexSpec, k: int) -> tuple[Knob, ...]:
    """What can be turned for answers of k, in the order of turning. Empty: nothing."""
    asked = spec.part_k(k)
    widest = min(MAX_BEAM, max(MOST_FOR_ONE * asked, LEAST_BEAM))
    match spec:
        case Scann():
            cells = Knob(field="nprobe", low=1, high=spec.nlist)
            return cells, Knob(field="reorder_k", low=asked, high=MOST_FOR_ONE * asked)
        case Cells():
            return (Knob(field="nprobe", low=1, high=spec.nlist),)
        case Hnsw() | GpuCagraForCpu():
            return (Knob(field="ef", low=asked, high=widest),)
        case DiskAnn():
            return (Knob(field="search_list", low=asked, high=widest),)
        case GpuCagra():
            return (Knob(field="itopk_size", low=-(-asked // WARP) * WARP, high=GPU_MAX_K, step=WARP),)
        case _:
            return ()


def tune(spec: IndexSpec, k: int, recall: float, recall_of: RecallOf) -> Tuned:
    """The least of each parameter that still finds `recall`, one after the other, those to come at their most."""
    knobs = knobs_of(spec, k)
    for knob in knobs:
        spec = knob.turned(spec, knob.high)
    chosen: Tried | None = None
    tried: tuple[Tried, ...] = ()
    for knob in knobs:
        found = _least(spec, knob, recall, recall_of)
        chosen, tried = found.chosen, (*tried, *found.tried)
        if chosen is None:
            break
        spec = chosen.spec
    return Tuned(chosen, tried)


def wider(spec: IndexSpec, k: int) -> IndexSpec | None:
    """The next setting, which looks at twice as much; None: this one looks at all it can."""
    turned = spec
    for knob in knobs_of(spec, k):
        turned = knob.turned(turned, knob.at_least(2 * knob.value(turned)))
    return None if turned == spec else turned


def _least(spec: IndexSpec, knob: Knob, recall: float, recall_of: RecallOf) -> Tuned:
    """Doubles the parameter until enough is found, and halves the gap that is left."""
    seen: dict[int, Tried] = {}

    def reaches(value: int) -> bool:
        turned = knob.turned(spec, value)
        seen[value] = Tried(turned, recall_of(turned))
        return seen[value].recall >= recall

    below, value = 0, knob.low
    while not reaches(value):
        if value == knob.high:
            return Tuned(None, tuple(seen.values()))
        below, value = value, knob.at_least(2 * value)
    enough = value
    # One beyond: the curve should show what more would cost.
    if enough < knob.high:
        reaches(knob.at_least(2 * enough))
    while below and enough - below > max(knob.step, NEAR_ENOUGH * enough):
        middle = knob.at_least((below + enough) / 2)
        if middle in (below, enough):
            break
        below, enough = (below, middle) if reaches(middle) else (middle, enough)
    return Tuned(seen[enough], tuple(seen.values()))
