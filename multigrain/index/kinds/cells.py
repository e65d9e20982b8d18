"""Vectors in `nlist` cells; a search looks into the `nprobe` nearest. Quick to build, good at large k."""

from dataclasses import dataclass
from typing import ClassVar

from multigrain.errors import InvalidSpec
from multigrain.index.kinds.spec import IndexSpec, Params, divides, within

MAX_CELLS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells(IndexSpec):
    """What the kinds of this page share; no kind by itself."""

    search_fields: ClassVar[tuple[str, ...]] = ("nprobe",)
    nlist: int = 1024
    nprobe: int = 128

    def __post_init__(self) -> None:
        IndexSpec.__post_init__(self)
        within("nlist", self.nlist, 1, MAX_CELLS)
        within("nprobe", self.nprobe, 1, self.nlist)

    def build_params(self) -> Params:
        return {"nlist": self.nlist}

    def search_params(self, k: int) -> Params:
        self._check_one_search(k)
        return {"nprobe": self.nprobe}

    def filtered_search_params(self, k: int) -> Params:
        # What a filter lets through may lie in any cell: a search of a quarter of them found a quarter of it.
        return {**self.search_params(k), "nprobe": self.nlist}


@dataclass(frozen=True, slots=True, kw_only=True)
class IvfFlat(Cells):
    """Vectors as they are."""

    kind: ClassVar[str] = "IVF_FLAT"


@dataclass(frozen=True, slots=True, kw_only=True)
class IvfSq8(Cells):
    """A byte a component: a quarter of the memory."""

    kind: ClassVar[str] = "IVF_SQ8"
    rounds: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class IvfPq(Cells):
    """A vector in `m` pieces, each the number of the nearest of 2**nbits patterns: little memory, little recall."""

    kind: ClassVar[str] = "IVF_PQ"
    rounds: ClassVar[bool] = True
    m: int = 16
    nbits: int = 8

    def __post_init__(self) -> None:
        Cells.__post_init__(self)
        within("m", self.m, 1, 32_768)
        within("nbits", self.nbits, 1, 16)

    def build_params(self) -> Params:
        return {"nlist": self.nlist, "m": self.m, "nbits": self.nbits}

    def check_dims(self, dims: int) -> None:
        Cells.check_dims(self, dims)
        divides("m", self.m, dims)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scann(Cells):
    """Pairs of components in four bits each find `reorder_k` candidates; the vectors themselves order those."""

    kind: ClassVar[str] = "SCANN"
    rounds: ClassVar[bool] = True
    search_fields: ClassVar[tuple[str, ...]] = ("nprobe", "reorder_k")
    reorder_k: int = 1024
    """A larger k orders k."""

    def __post_init__(self) -> None:
        Cells.__post_init__(self)
        within("reorder_k", self.reorder_k, 1, 1_000_000)

    def search_params(self, k: int) -> Params:
        self._check_one_search(k)
        return {"nprobe": self.nprobe, "reorder_k": max(self.reorder_k, k)}

    def check_dims(self, dims: int) -> None:
        Cells.check_dims(self, dims)
        if dims % 2:
            raise InvalidSpec("dims", f"are {dims}, which is odd", cure=f"use IVF_SQ8, or train towers of {dims + 1}")
