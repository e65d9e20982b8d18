"""The parameters of a kind for one catalogue: cells and probes, candidates, pieces, partitions. Pure."""

import math
from dataclasses import replace

from multigrain.index.estimates import (
    BYTE_RECALL,
    FINE_SKETCH_RECALL,
    GRAPH_RECALL,
    PROBED_RECALL,
    SCAN_BYTE_RECALL,
)
from multigrain.index.kinds.cells import MAX_CELLS, Cells
from multigrain.index.kinds.spec import MAX_PARTITIONS
from multigrain.index.specs import (
    DiskAnn,
    GpuBruteForce,
    GpuCagra,
    GpuCagraForCpu,
    GpuIvfFlat,
    GpuIvfPq,
    Hnsw,
    IndexSpec,
    IvfFlat,
    IvfPq,
    IvfSq8,
    MemoryScan,
    Scann,
    spec_named,
)

CELLS_FOR_ROOT = 2
"""Cells for each unit of the square root of the items, while they are few: small cells find more of what is near."""
CELLS_AFFORDED, CELLS_FOR_ROOT_OF_MANY = 500, 0.5
"""Above so many, building takes the longer: of a million items two cores build 500 in 74 s. With 2,000 they took above
5 minutes and found no more.
"""
PROBED_ROWS_FOR_ONE = 12
"""Rows looked at for each one asked for, at the least: with fewer, a large k is not filled with the nearest."""
REORDERED_FOR_ONE = 4
"""Candidates of SCANN that are compared exactly, for each one asked for."""


def fitted(kind: str, items: int, dims: int, k: int, recall: float) -> IndexSpec:
    """A spec of this kind that should find `recall`, if any of the kind does. An unknown kind raises InvalidSpec."""
    spec = spec_named(kind)
    match spec:
        case IvfFlat() | GpuIvfFlat():
            spec = _in_cells(spec, items, k, recall)
        case IvfSq8():
            spec = _in_cells(spec, items, k, recall / BYTE_RECALL)
        case IvfPq() | GpuIvfPq():
            spec = _in_cells(replace(spec, m=_pieces(dims)), items, k, recall / FINE_SKETCH_RECALL)
        case Scann():
            spec = _in_cells(replace(spec, reorder_k=REORDERED_FOR_ONE * max(k, 1)), items, k, recall / BYTE_RECALL)
        case Hnsw() | GpuCagraForCpu():
            spec = replace(spec, ef=_candidates(recall))
        case DiskAnn():
            spec = replace(spec, search_list=_candidates(recall))
        case MemoryScan():
            spec = replace(spec, bits=8 if recall <= SCAN_BYTE_RECALL else 32)
    return _in_partitions(spec, k) if isinstance(spec, GpuBruteForce | GpuIvfFlat | GpuIvfPq | GpuCagra) else spec


def _in_cells(spec: Cells, items: int, k: int, recall: float) -> Cells:
    nlist = _cells(items)
    part = next((part for part, found in PROBED_RECALL if found >= recall), 1.0)
    enough_for_k = -(-PROBED_ROWS_FOR_ONE * k * nlist // max(items, 1))
    return replace(spec, nlist=nlist, nprobe=min(nlist, max(1, math.ceil(nlist * part), enough_for_k)))


def _cells(items: int) -> int:
    root = math.sqrt(items)
    afforded = max(CELLS_AFFORDED, CELLS_FOR_ROOT_OF_MANY * root)
    return min(MAX_CELLS, max(1, round(min(CELLS_FOR_ROOT * root, afforded))))


def _in_partitions(spec: IndexSpec, k: int) -> IndexSpec:
    """As few as give k together; as it is when none do, or one does."""
    for partitions in range(max(1, k // spec.advised_k), MAX_PARTITIONS + 1):
        dealt = replace(spec, partitions=partitions)
        if dealt.part_k(k) <= spec.advised_k:
            return dealt
    return spec


def _candidates(recall: float) -> int:
    return next((candidates for candidates, found in GRAPH_RECALL if found >= recall), GRAPH_RECALL[-1][0])


def _pieces(dims: int) -> int:
    """One for two components, or as near to that as divides `dims`."""
    return next((m for m in range(max(1, dims // 2), 0, -1) if dims % m == 0), 1)
