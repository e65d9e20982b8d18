"""Kinds of a Milvus server with a GPU. What stands here is read in its documentation and sources, and was never run.

A search on the GPU returns 1,024 at most; more comes of partitions that are searched one by one and merged.
"""

from dataclasses import dataclass
from typing import ClassVar

from multigrain.errors import InvalidSpec
from multigrain.index.kinds.cells import Cells
from multigrain.index.kinds.graphs import MAX_BEAM
from multigrain.index.kinds.spec import CPU_MAX_K, IndexSpec, Params, divides, one_of, within

GPU_MAX_K = 1_024
BRUTE_FORCE_ADVISED_K = 4_096
"""Milvus sets no limit, and warns that an answer far beyond this can take the server down."""
WARP = 32
"""CAGRA's candidate list comes in multiples of this."""
BUILD_ALGOS = ("IVF_PQ", "NN_DESCENT")


@dataclass(frozen=True, slots=True, kw_only=True)
class CagraGraph(IndexSpec):
    """What the two kinds with a graph made on the GPU share; no kind by itself."""

    intermediate_graph_degree: int = 128
    graph_degree: int = 64
    build_algo: str = "IVF_PQ"

    def __post_init__(self) -> None:
        IndexSpec.__post_init__(self)
        within("intermediate_graph_degree", self.intermediate_graph_degree, 2, 1_024)
        within("graph_degree", self.graph_degree, 1, self.intermediate_graph_degree - 1)
        one_of("build_algo", self.build_algo, BUILD_ALGOS)

    @property
    def milvus_kind(self) -> str:
        return GpuCagra.kind

    def build_params(self) -> Params:
        return {
            "intermediate_graph_degree": self.intermediate_graph_degree,
            "graph_degree": self.graph_degree,
            "build_algo": self.build_algo,
            "cache_dataset_on_device": "false",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuCagra(CagraGraph):
    """The graph on the GPU. On segments of 100,000 rows and more it is reported to find six of ten: let the canary
    judge.
    """

    kind: ClassVar[str] = "GPU_CAGRA"
    max_k: ClassVar[int] = GPU_MAX_K
    search_fields: ClassVar[tuple[str, ...]] = ("itopk_size", "search_width")
    itopk_size: int = 128
    """Candidates held during a search. A larger k holds k."""
    search_width: int = 4

    def __post_init__(self) -> None:
        CagraGraph.__post_init__(self)
        within("itopk_size", self.itopk_size, WARP, GPU_MAX_K)
        if self.itopk_size % WARP:
            raise InvalidSpec("itopk_size", f"is {self.itopk_size}", cure=f"give a multiple of {WARP}")
        within("search_width", self.search_width, 1, 64)

    def search_params(self, k: int) -> Params:
        self._check_one_search(k)
        return {"itopk_size": max(self.itopk_size, -(-k // WARP) * WARP), "search_width": self.search_width}


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuCagraForCpu(CagraGraph):
    """The graph is made on the GPU and searched on the CPU, as HNSW is: for a large k. Needs Milvus 2.6.1."""

    kind: ClassVar[str] = "GPU_CAGRA_FOR_CPU"
    max_k: ClassVar[int] = CPU_MAX_K
    search_fields: ClassVar[tuple[str, ...]] = ("ef",)
    ef: int = 128
    """A larger k looks at k."""

    def __post_init__(self) -> None:
        CagraGraph.__post_init__(self)
        within("ef", self.ef, 1, MAX_BEAM)

    def build_params(self) -> Params:
        # Not CagraGraph's through super(): a dataclass with slots is a second class, which super() does not know.
        return {**CagraGraph.build_params(self), "adapt_for_cpu": "true"}

    def search_params(self, k: int) -> Params:
        self._check_one_search(k)
        return {"ef": max(self.ef, k)}


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuIvfFlat(Cells):
    """Cells, the vectors as they are."""

    kind: ClassVar[str] = "GPU_IVF_FLAT"
    max_k: ClassVar[int] = GPU_MAX_K


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuIvfPq(Cells):
    """Cells, each vector in `m` pieces; m = 0 lets the server choose."""

    kind: ClassVar[str] = "GPU_IVF_PQ"
    rounds: ClassVar[bool] = True
    max_k: ClassVar[int] = GPU_MAX_K
    m: int = 0
    nbits: int = 8

    def __post_init__(self) -> None:
        Cells.__post_init__(self)
        within("m", self.m, 0, 32_768)
        within("nbits", self.nbits, 4, 8)

    def build_params(self) -> Params:
        return {"nlist": self.nlist, "m": self.m, "nbits": self.nbits}

    def check_dims(self, dims: int) -> None:
        Cells.check_dims(self, dims)
        if self.m:
            divides("m", self.m, dims)


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuBruteForce(IndexSpec):
    """Every vector is compared on the GPU: exact."""

    kind: ClassVar[str] = "GPU_BRUTE_FORCE"

    @property
    def advised_k(self) -> int:
        return BRUTE_FORCE_ADVISED_K

    def build_params(self) -> Params:
        return {}

    def search_params(self, k: int) -> Params:
        self._check_one_search(k)
        return {}
