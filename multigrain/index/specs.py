"""Index kinds: one frozen class each, with what Milvus is told at building and at searching, and its limits.

Milvus Lite takes any parameter without a word, so whether one is legal is decided here. Which kind suits a catalogue is
not known here: see planner.py.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields

from multigrain.errors import InvalidSpec
from multigrain.index.kinds.cells import IvfFlat, IvfPq, IvfSq8, Scann
from multigrain.index.kinds.gpu import GpuBruteForce, GpuCagra, GpuCagraForCpu, GpuIvfFlat, GpuIvfPq
from multigrain.index.kinds.graphs import AutoIndex, DiskAnn, Hnsw
from multigrain.index.kinds.spec import CPU_MAX_K, IndexSpec, Params
from multigrain.index.kinds.whole import Flat, MemoryScan

__all__ = [
    "CPU_MAX_K",
    "KINDS",
    "AutoIndex",
    "DiskAnn",
    "Flat",
    "GpuBruteForce",
    "GpuCagra",
    "GpuCagraForCpu",
    "GpuIvfFlat",
    "GpuIvfPq",
    "Hnsw",
    "IndexSpec",
    "IvfFlat",
    "IvfPq",
    "IvfSq8",
    "MemoryScan",
    "Params",
    "Scann",
    "from_dict",
    "same_build",
    "spec_named",
    "to_dict",
]

KINDS: tuple[type[IndexSpec], ...] = (
    Flat,
    IvfFlat,
    IvfSq8,
    IvfPq,
    Scann,
    Hnsw,
    DiskAnn,
    AutoIndex,
    GpuBruteForce,
    GpuIvfFlat,
    GpuIvfPq,
    GpuCagra,
    GpuCagraForCpu,
    MemoryScan,
)
"""Every kind there is. A further one is a class in kinds/ and a name here."""


def spec_named(kind: str) -> IndexSpec:
    """The kind with its default parameters. An unknown kind raises InvalidSpec."""
    return from_dict({"kind": kind})


def same_build(one: IndexSpec, other: IndexSpec) -> bool:
    """Whether an index built by one may be searched by the other: they differ in what a search is told, at most."""
    if type(one) is not type(other):
        return False
    built = [field.name for field in fields(one) if field.name not in one.search_fields]
    return all(getattr(one, name) == getattr(other, name) for name in built)


def to_dict(spec: IndexSpec) -> dict[str, object]:
    """As the registry keeps it: {'kind': 'HNSW', 'm': 16, ...}."""
    return {"kind": spec.kind, **asdict(spec)}


def from_dict(stored: Mapping[str, object]) -> IndexSpec:
    """What `to_dict` wrote, parameters left out taking their defaults. Raises InvalidSpec naming what is wrong."""
    by_name = {known.kind: known for known in KINDS}
    kind = by_name.get(str(stored.get("kind")))
    if kind is None:
        raise InvalidSpec("kind", f"unknown index kind {stored.get('kind')!r}", cure=f"use one of {', '.join(by_name)}")
    names = [entry.name for entry in fields(kind)]
    params = {name: value for name, value in stored.items() if name != "kind"}
    for name in params:
        if name not in names:
            raise InvalidSpec(name, f"unknown parameter of {kind.kind}", cure=f"it has {', '.join(names)}")
    return kind(**params)  # type: ignore[arg-type]  # what is no number is refused there, by name
