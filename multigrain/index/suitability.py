"""Whether one kind can work for a catalogue on a machine: made to fit, and held against every limit. Pure."""

from dataclasses import dataclass

from multigrain.errors import InvalidSpec
from multigrain.index.estimates import Estimate, estimate
from multigrain.index.fitting import fitted
from multigrain.index.specs import (
    DiskAnn,
    Flat,
    GpuBruteForce,
    GpuCagra,
    GpuCagraForCpu,
    GpuIvfFlat,
    GpuIvfPq,
    IndexSpec,
    IvfFlat,
    IvfSq8,
    MemoryScan,
)

AUTO_RECALL = 0.95
"""What AUTO demands when nobody says."""
GPU_KINDS = tuple(kind.kind for kind in (GpuBruteForce, GpuIvfFlat, GpuIvfPq, GpuCagra, GpuCagraForCpu))
UNPROVEN = (*GPU_KINDS, DiskAnn.kind)
"""Never run by us: no GPU was at hand, and the server that was measured builds no index on disk."""
ON_LITE = tuple(kind.kind for kind in (Flat, IvfFlat, IvfSq8, MemoryScan))
"""Milvus Lite builds graphs as well, but loses most rows of a filtered search in them; others it takes and never
builds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What there is to serve with."""

    cores: int = 2
    """Of the index server. The measured figures are of two."""
    memory_bytes: int | None = None
    """Of the index server. None: enough."""
    gpu_bytes: int = 0
    """Memory of the index server's GPU. 0: it has none."""
    scan_bytes: int | None = None
    """What the serving process may hold of vectors in its own memory. None: nobody said, so it is only done when
    MEMORY_SCAN is asked for by name."""


CPU_SERVER = Machine()


@dataclass(frozen=True, slots=True)
class Need:
    """What is asked for."""

    items: int
    dims: int
    k: int
    recall: float | None
    machine: Machine
    lite: bool


@dataclass(frozen=True, slots=True)
class Option:
    """A kind that works."""

    spec: IndexSpec
    estimate: Estimate

    @property
    def kind(self) -> str:
        return self.spec.kind


def look_at(kind: str, need: Need) -> Option | InvalidSpec:
    """The kind as it would be built here, or why it cannot be."""
    try:
        spec = fitted(kind, need.items, need.dims, need.k, need.recall or AUTO_RECALL)
        _require_parts(spec, need)
        spec.check_dims(need.dims)
        spec.check_k(need.k)
        found = estimate(spec, need.items, need.dims, need.k, cores=need.machine.cores, lite=need.lite)
        _require_recall(spec, found, need)
        _require_memory(spec, found, need)
    except InvalidSpec as refusal:
        return refusal
    return Option(spec, found)


def _require_parts(spec: IndexSpec, need: Need) -> None:
    if need.lite and spec.kind not in ON_LITE:
        loses = spec.milvus_kind in ("HNSW", "AUTOINDEX")
        problem = "loses most rows of a filtered search" if loses else "is taken without a word and never built"
        raise InvalidSpec("kind", f"{spec.kind} on Milvus Lite {problem}", cure="use FLAT, or a Milvus server")
    if spec.kind in GPU_KINDS and not need.machine.gpu_bytes:
        raise InvalidSpec("kind", f"{spec.kind} needs a GPU in the index server", cure="give its memory, if it has one")


def _require_recall(spec: IndexSpec, found: Estimate, need: Need) -> None:
    if need.recall is not None and found.recall < need.recall:
        problem = f"{spec.kind} is expected to find {found.recall:.3f} of the nearest, {need.recall:.3f} are wanted"
        raise InvalidSpec("recall", problem, cure=f"ask for {found.recall:.3f} and let the canary judge")


def _require_memory(spec: IndexSpec, found: Estimate, need: Need) -> None:
    for needed, there, place in (
        (found.gpu_bytes, need.machine.gpu_bytes, "GPU memory"),
        (found.server_bytes, need.machine.memory_bytes, "memory of the index server"),
        (found.process_bytes, need.machine.scan_bytes, "memory of the serving process"),
    ):
        if there is not None and needed > there:
            problem = (
                f"{need.items:,} x {need.dims} need {_gb(needed)} of {place} as {spec.kind}, {_gb(there)} are there"
            )
            raise InvalidSpec("memory", problem, cure=f"give it {_gb(needed)}")


def _gb(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"
