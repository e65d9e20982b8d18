"""Vectors linked to their neighbours; a search walks towards the query. Quick at small k, slow to build."""

from dataclasses import dataclass
from typing import ClassVar

from multigrain.index.kinds.spec import IndexSpec, Params, within

MAX_BEAM = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Hnsw(IndexSpec):
    """In memory."""

    kind: ClassVar[str] = "HNSW"
    search_fields: ClassVar[tuple[str, ...]] = ("ef",)
    m: int = 16
    ef_construction: int = 200
    ef: int = 128

    def __post_init__(self) -> None:
        IndexSpec.__post_init__(self)
        within("m", self.m, 2, 2_048)
        within("ef_construction", self.ef_construction, self.m, MAX_BEAM)
        within("ef", self.ef, 1, MAX_BEAM)

    def build_params(self) -> Params:
        return {"M": self.m, "efConstruction": self.ef_construction}

    def search_params(self, k: int) -> Params:
        self._check_one_search(k)
        # A server raises ef to k by itself; Milvus Lite answers with fewer than k instead.
        return {"ef": max(self.ef, k)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoIndex(IndexSpec):
    """Milvus chooses: an HNSW graph on today's servers and on Milvus Lite."""

    kind: ClassVar[str] = "AUTOINDEX"
    rounds: ClassVar[bool] = True

    def build_params(self) -> Params:
        return {}

    def search_params(self, k: int) -> Params:
        self._check_one_search(k)
        return {"ef": k}


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskAnn(IndexSpec):
    """On the server's disk, a sketch of each vector in memory. How it is built stands in the server's own settings."""

    kind: ClassVar[str] = "DISKANN"
    rounds: ClassVar[bool] = True
    search_fields: ClassVar[tuple[str, ...]] = ("search_list",)
    search_list: int = 128
    """A larger k looks at k."""

    def __post_init__(self) -> None:
        IndexSpec.__post_init__(self)
        within("search_list", self.search_list, 1, MAX_BEAM)

    def build_params(self) -> Params:
        return {}

    def search_params(self, k: int) -> Params:
        self._check_one_search(k)
        return {"search_list": max(self.search_list, k)}
