"""Index kinds: one frozen class each, with what Milvus is told at building and at searching, and its limits.

Milvus Lite takes any parameter without a word, so whether one is legal is decided here. Which kind suits a catalogue is
not known here: see planner.py.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import ClassVar

from multigrain.errors import InvalidSpec

CPU_MAX_K = 16_384
"""Milvus answers no search on a CPU kind with more than this, and its maintainers plan no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSpec(ABC):
    """The shape of a kind. The metric is always the inner product."""

    kind: ClassVar[str]
    """Milvus's own name of it."""
    max_k: ClassVar[int] = CPU_MAX_K

    @abstractmethod
    def build_params(self) -> dict[str, int]:
        """What Milvus is told when the index is made."""

    @abstractmethod
    def search_params(self, k: int) -> dict[str, int]:
        """What Milvus is told with a search for k. Raises InvalidSpec beyond max_k."""

    def filtered_search_params(self, k: int) -> dict[str, int]:
        """What Milvus is told with a search for k under a filter."""
        return self.search_params(k)

    def check_k(self, k: int) -> None:
        if not 1 <= k <= self.max_k:
            raise InvalidSpec("k", f"{self.kind} cannot return {k:,}", cure=f"ask for 1 to {self.max_k:,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat(IndexSpec):
    """Every vector is compared: exact."""

    kind: ClassVar[str] = "FLAT"

    def build_params(self) -> dict[str, int]:
        return {}

    def search_params(self, k: int) -> dict[str, int]:
        self.check_k(k)
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class IvfFlat(IndexSpec):
    """Vectors in `nlist` cells; a search looks into the `nprobe` nearest. Quick to build, good at large k."""

    kind: ClassVar[str] = "IVF_FLAT"
    nlist: int = 1024
    nprobe: int = 128

    def __post_init__(self) -> None:
        _within("nlist", self.nlist, 1, 65_536)
        _within("nprobe", self.nprobe, 1, self.nlist)

    def build_params(self) -> dict[str, int]:
        return {"nlist": self.nlist}

    def search_params(self, k: int) -> dict[str, int]:
        self.check_k(k)
        return {"nprobe": self.nprobe}

    def filtered_search_params(self, k: int) -> dict[str, int]:
        self.check_k(k)
        # What a filter lets through may lie in any cell: a search of a quarter of them found a quarter of it.
        return {"nprobe": self.nlist}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hnsw(IndexSpec):
    """A graph: quick at small k, slow to build."""

    kind: ClassVar[str] = "HNSW"
    m: int = 16
    ef_construction: int = 200
    ef: int = 128

    def __post_init__(self) -> None:
        _within("m", self.m, 2, 2_048)
        _within("ef_construction", self.ef_construction, self.m, 65_536)
        _within("ef", self.ef, 1, 65_536)

    def build_params(self) -> dict[str, int]:
        return {"M": self.m, "efConstruction": self.ef_construction}

    def search_params(self, k: int) -> dict[str, int]:
        self.check_k(k)
        # A server raises ef to k by itself; Milvus Lite answers with fewer than k instead.
        return {"ef": max(self.ef, k)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoIndex(IndexSpec):
    """Milvus chooses: an HNSW graph on today's servers and on Milvus Lite."""

    kind: ClassVar[str] = "AUTOINDEX"

    def build_params(self) -> dict[str, int]:
        return {}

    def search_params(self, k: int) -> dict[str, int]:
        self.check_k(k)
        return {"ef": k}


KINDS: tuple[type[IndexSpec], ...] = (Flat, IvfFlat, Hnsw, AutoIndex)
"""Every kind there is. A further one (IVF_SQ8, SCANN, DISKANN, the GPU kinds) is a class above and a name here."""


def spec_named(kind: str) -> IndexSpec:
    """The kind with its default parameters. An unknown kind raises InvalidSpec."""
    return from_dict({"kind": kind})


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
            cure = f"it has {', '.join(names)}" if names else "it has none"
            raise InvalidSpec(name, f"unknown parameter of {kind.kind}", cure=cure)
    return kind(**params)


def _within(field: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidSpec(field, f"is {value!r}", cure=f"give a whole number from {low:,} to {high:,}")
