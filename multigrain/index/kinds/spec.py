"""The shape of an index kind: what Milvus is told at building and at searching, and the limits."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from multigrain.errors import InvalidSpec

Params = Mapping[str, int | float | str | bool]
"""As Milvus wants them: some of its switches are words."""

CPU_MAX_K = 16_384
"""Milvus answers no search on a CPU kind with more than this, and its maintainers plan no more."""
PART_DEVIATIONS = 4.0
"""Items are dealt to partitions by number, so of the nearest k a partition holds k / partitions, give or take a root of
that. With four such roots on top, a partition is short in about one search of thousands, and then by a few items."""
MAX_PARTITIONS = 1_024
MAX_DIMS = 32_768


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSpec(ABC):
    """One kind with its parameters; what cannot work raises InvalidSpec when it is made. The metric is always the inner
    product.
    """

    kind: ClassVar[str]
    """Milvus's own name of it, where Milvus has it."""
    max_k: ClassVar[int] = CPU_MAX_K
    """Of one search."""
    search_fields: ClassVar[tuple[str, ...]] = ()
    """What may be changed after building; everything else is built into the index."""
    rounds: ClassVar[bool] = False
    """Whether it keeps vectors rounded, or may, so that its scores are near the inner products and not equal."""
    partitions: int = 1
    """Into how many the items are dealt by their number. Each is searched by itself and the answers are merged, so that
    together they give more than one search may."""

    def __post_init__(self) -> None:
        within("partitions", self.partitions, 1, MAX_PARTITIONS)

    @property
    def milvus_kind(self) -> str:
        """What Milvus is told to build."""
        return self.kind

    @property
    def advised_k(self) -> int:
        """The largest k of one search that is known to go well."""
        return self.max_k

    @property
    def deepest(self) -> int:
        """The largest k of one merged answer."""
        if self.partitions == 1:
            return self.max_k
        low, high = self.max_k, self.max_k * self.partitions
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.part_k(middle) <= self.max_k else (low, middle - 1)
        return low

    def part_k(self, k: int) -> int:
        """How many of the nearest k each partition is asked for."""
        if self.partitions == 1:
            return k
        mean = k / self.partitions
        return min(k, math.ceil(mean + PART_DEVIATIONS * math.sqrt(mean)))

    @abstractmethod
    def build_params(self) -> Params:
        """What Milvus is told when the index is made."""

    @abstractmethod
    def search_params(self, k: int) -> Params:
        """What Milvus is told with one search, of one partition, for k. Raises InvalidSpec beyond max_k."""

    def filtered_search_params(self, k: int) -> Params:
        """What Milvus is told with one search for k under a filter."""
        return self.search_params(k)

    def check_k(self, k: int) -> None:
        """Raises InvalidSpec for a merged answer that the partitions together cannot give."""
        self._require(k, self.deepest)

    def check_dims(self, dims: int) -> None:
        """Raises InvalidSpec for vectors that Milvus does not keep, or that this kind cannot cut into its pieces."""
        if not 1 <= dims <= MAX_DIMS:
            cure = f"train towers of 1 to {MAX_DIMS:,} dimensions"
            raise InvalidSpec("dims", f"Milvus keeps no vectors of {dims}", cure=cure)

    def _check_one_search(self, k: int) -> None:
        self._require(k, self.max_k)

    def _require(self, k: int, most: int) -> None:
        if not 1 <= k <= most:
            raise InvalidSpec("k", f"{self.kind} cannot return {k:,}", cure=f"ask for 1 to {most:,}")


def within(field: str, value: object, low: int, high: int) -> None:
    """Raises InvalidSpec unless `value` is a whole number in that range."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidSpec(field, f"is {value!r}", cure=f"give a whole number from {low:,} to {high:,}")


def one_of(field: str, value: object, choices: tuple[object, ...]) -> None:
    """Raises InvalidSpec unless `value` is one of these."""
    # By type, too: 8.0 equals 8, and would travel as a float.
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        raise InvalidSpec(field, f"is {value!r}", cure=f"give {' or '.join(map(str, choices))}")


def divides(field: str, parts: int, dims: int) -> None:
    """Raises InvalidSpec unless vectors of `dims` can be cut into so many equal parts."""
    if dims % parts:
        fitting = [str(n) for n in range(1, dims + 1) if dims % n == 0]
        raise InvalidSpec(field, f"is {parts}, which does not divide {dims} dims", cure=f"give {', '.join(fitting)}")
