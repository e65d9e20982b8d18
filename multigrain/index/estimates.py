"""What an index costs and finds, before there is one: memory, milliseconds, recall. Estimates: `multigrain index tune`
and the canary measure.

Measured are: Milvus 2.3.5 on two shared cores, 1,000,000 x 128, clustered unit vectors, k of 10 to 16,384 (FLAT,
IVF_FLAT, HNSW); the same server, 100,000 x 64, k of 100 to 9,600 (what the other CPU kinds find); Milvus Lite 3.2,
100,000 x 128; a scan in NumPy on one core, 1,000,000 x 128. Calculated is everything of a GPU: bytes over the bandwidth
of a small one. Vectors without structure give far less recall than these.
"""

from dataclasses import dataclass

from multigrain.index.kinds.gpu import CagraGraph
from multigrain.index.specs import (
    AutoIndex,
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
)

ROW_BYTES = 256
"""Ids, filter fields and title of one item, about."""
CAGRA_BYTES_OF_RAW = 1.8
"""As Milvus's documentation says."""
DISKANN_BYTES_OF_RAW = 0.225
"""The server's default budgets for the sketches and for the cache of nodes."""
SCAN_BYTES = {8: 2, 32: 4}
"""Of a component. In 8 bits a second byte lies beside the one that a search reads."""
SCAN_ROW_BYTES = 260
"""Columns of an item, and where it is found by its number: about."""

CALL_MS = 3.8
"""A search that compares next to nothing: measured."""
HIT_MS = 0.003
"""Of each of the k: found, sorted, sent, read. Measured: 57 ms at k = 9,600 and 29 at 10."""
BYTES_PER_CORE_MS = 10_000_000
"""Compared by a core: measured, 512 MB in 25 ms on two."""
VISIT_MS = 0.0032
"""Of each candidate of a walk through a graph: measured, ef of 64 to 9,600."""
DISK_VISIT_MS = 0.01
"""The same, read from disk: calculated, for a solid-state disk."""
MEMORY_BYTES_PER_MS = 23_000_000
"""Compared by one core without a server between: measured."""
PICK_MS = 6e-6
"""Of each score, to pick the k highest: measured."""
LITE_BYTES_PER_MS, LITE_HIT_MS = 1_000_000, 0.05
"""Milvus Lite: measured, 51 MB in 49 ms, and 527 at k = 9,600."""
GPU_BYTES_PER_MS = 300_000_000
"""Calculated: what a small GPU (0.3 TB/s) reads."""
GPU_WALK_MS = 1.0
"""Calculated: a walk through CAGRA's graph, and the way there and back."""

PROBED_RECALL = ((1 / 4, 0.98), (1 / 2, 0.995), (1.0, 1.0))
"""Part of the cells that a search looks into, and what it finds, if that is rows enough for k. Measured: 0.99 and above
at a quarter; said lower, because a shop's vectors are less tidy."""
BYTE_RECALL = 0.98
"""Of what is looked at, with a byte a component: measured, 0.984 at k = 100, 0.997 at 1,000."""
SCAN_BYTE_RECALL = 0.995
"""Of our own scan, whose second byte decides among the nearest: measured, 0.999 and above; said lower."""
FINE_SKETCH_RECALL, COARSE_SKETCH_RECALL = 0.86, 0.5
"""With a piece of 8 bits for two components: measured, 0.865 at k = 100, 0.97 at 1,000. With less: a guess, on the low
side."""
GRAPH_RECALL = ((128, 0.95), (512, 0.98), (2_048, 0.99))
"""Candidates of a walk, and what it finds of a k below them."""
CAGRA_ROWS, CAGRA_RECALL, CAGRA_RECALL_BEYOND = 100_000, 0.95, 0.6
"""Reported of servers of 2.6: on larger segments it finds six of ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Of one index and one search."""

    recall: float
    search_ms: float
    server_bytes: int
    """In the index server, loaded."""
    gpu_bytes: int
    """On the server's GPU."""
    process_bytes: int
    """In the process that serves."""


def estimate(spec: IndexSpec, items: int, dims: int, k: int, *, cores: int, lite: bool) -> Estimate:
    """Of `items` vectors of `dims`, searched for k one query at a time."""
    return Estimate(
        recall=_recall(spec, items, dims),
        search_ms=_lite_ms(spec, items, dims, k) if lite else _search_ms(spec, items, dims, k, cores),
        server_bytes=items * (round(_server_bytes(spec, dims)) + ROW_BYTES),
        gpu_bytes=round(items * _gpu_bytes(spec, dims)),
        process_bytes=items * (dims * SCAN_BYTES[spec.bits] + SCAN_ROW_BYTES) if isinstance(spec, MemoryScan) else 0,
    )


def _server_bytes(spec: IndexSpec, dims: int) -> float:
    """Of one vector, in the server's memory."""
    raw = 4 * dims
    match spec:
        case IvfSq8():
            return dims
        case IvfPq():
            return spec.m * spec.nbits / 8
        case Scann():
            return raw + dims / 4
        case Hnsw():
            return raw + 2 * spec.m * 4
        case AutoIndex():
            return raw + 2 * Hnsw().m * 4
        case GpuCagraForCpu():
            return raw + spec.graph_degree * 4
        case DiskAnn():
            return raw * DISKANN_BYTES_OF_RAW
        case GpuBruteForce() | GpuIvfFlat() | GpuIvfPq() | GpuCagra():
            return 0
        case _:
            return raw


def _gpu_bytes(spec: IndexSpec, dims: int) -> float:
    """Of one vector, on the GPU."""
    match spec:
        case GpuBruteForce() | GpuIvfFlat():
            return 4 * dims
        case GpuIvfPq():
            return (spec.m or dims / 2) * spec.nbits / 8
        case CagraGraph():  # made there, even where it is searched on the CPU
            return 4 * dims * CAGRA_BYTES_OF_RAW
        case _:
            return 0


def _search_ms(spec: IndexSpec, items: int, dims: int, k: int, cores: int) -> float:
    if isinstance(spec, MemoryScan):
        return items * dims * spec.bits / 8 / MEMORY_BYTES_PER_MS + items * PICK_MS
    # Partitions are asked side by side; that their calls add up is the worst case.
    asked = spec.partitions * spec.part_k(k)
    return spec.partitions * CALL_MS + asked * HIT_MS + _compare_ms(spec, items, dims, k, cores)


def _compare_ms(spec: IndexSpec, items: int, dims: int, k: int, cores: int) -> float:
    core_ms = 4 * dims * items / BYTES_PER_CORE_MS / cores
    gpu_ms = 4 * dims * items / GPU_BYTES_PER_MS
    match spec:
        case Hnsw() | GpuCagraForCpu():
            return max(spec.ef, k) * VISIT_MS
        case AutoIndex():
            return k * VISIT_MS
        case DiskAnn():
            return max(spec.search_list, k) * DISK_VISIT_MS
        case GpuBruteForce():
            return gpu_ms
        case GpuIvfFlat() | GpuIvfPq():
            return gpu_ms * spec.nprobe / spec.nlist
        case GpuCagra():
            return spec.partitions * GPU_WALK_MS
        case IvfFlat() | IvfSq8() | IvfPq() | Scann():
            # Fewer bytes a vector were not quicker: at this size the call is most of a search.
            return core_ms * spec.nprobe / spec.nlist
        case _:
            return core_ms


def _lite_ms(spec: IndexSpec, items: int, dims: int, k: int) -> float:
    if isinstance(spec, MemoryScan):
        return _search_ms(spec, items, dims, k, cores=1)
    part = spec.nprobe / spec.nlist if isinstance(spec, IvfFlat | IvfSq8) else 1.0
    return CALL_MS + k * LITE_HIT_MS + 4 * dims * items * part / LITE_BYTES_PER_MS


def _recall(spec: IndexSpec, items: int, dims: int) -> float:
    match spec:
        case IvfFlat() | GpuIvfFlat():
            return _probed(spec.nprobe / spec.nlist)
        case IvfSq8():
            return BYTE_RECALL * _probed(spec.nprobe / spec.nlist)
        case IvfPq() | GpuIvfPq():
            fine = spec.nbits == 8 and 2 * (spec.m or dims / 2) >= dims
            return (FINE_SKETCH_RECALL if fine else COARSE_SKETCH_RECALL) * _probed(spec.nprobe / spec.nlist)
        case Scann():
            return BYTE_RECALL * _probed(spec.nprobe / spec.nlist)
        case Hnsw() | GpuCagraForCpu():
            return _walked(spec.ef)
        case DiskAnn():
            return _walked(spec.search_list)
        case AutoIndex():
            return GRAPH_RECALL[0][1]
        case GpuCagra():
            return CAGRA_RECALL if items <= CAGRA_ROWS else CAGRA_RECALL_BEYOND
        case MemoryScan():
            return 1.0 if spec.bits == 32 else SCAN_BYTE_RECALL
        case _:
            return 1.0


def _probed(part: float) -> float:
    """Of a part between two of the table, what the lower one finds; below the first, in proportion."""
    first, found = PROBED_RECALL[0]
    if part < first:
        return found * part / first
    return max(found for least, found in PROBED_RECALL if least <= part)


def _walked(candidates: int) -> float:
    first, found = GRAPH_RECALL[0]
    if candidates < first:
        return found * candidates / first
    return max(found for least, found in GRAPH_RECALL if least <= candidates)
