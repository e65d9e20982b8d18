"""Every vector is compared: exact, at the price of reading all of them for each query."""

from dataclasses import dataclass
from typing import ClassVar

from multigrain.index.kinds.spec import IndexSpec, Params, one_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat(IndexSpec):
    """By Milvus."""

    kind: ClassVar[str] = "FLAT"

    def build_params(self) -> Params:
        return {}

    def search_params(self, k: int) -> Params:
        self._check_one_search(k)
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryScan(IndexSpec):
    """By the serving process, in its own memory: Milvus keeps the vectors, and answers no searches."""

    kind: ClassVar[str] = "MEMORY_SCAN"
    rounds: ClassVar[bool] = True
    max_k: ClassVar[int] = 1_000_000
    search_fields: ClassVar[tuple[str, ...]] = ("bits",)
    bits: int = 8
    """Of one component: 32 is exact, 8 reads a quarter of the bytes."""

    def __post_init__(self) -> None:
        IndexSpec.__post_init__(self)
        one_of("bits", self.bits, (8, 32))

    @property
    def milvus_kind(self) -> str:
        return Flat.kind

    def build_params(self) -> Params:
        return {}

    def search_params(self, k: int) -> Params:
        self._check_one_search(k)
        return {}
