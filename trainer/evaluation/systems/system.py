"""The shape of a system under evaluation, and of what it answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from multigrain.errors import InvalidConfig
from multigrain.types import Bools, Int64s
from trainer.evaluation.trial import Trial

NOTHING = -1
"""In place of a row, where an answer is shorter than others."""

Tell = Callable[[int, int], None]
"""Hears how many of how many searches were answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What B searches were answered, as columns."""

    rows: Int64s
    """[B, K], places in the items of the trial, best first; NOTHING: no more."""
    channels: NDArray[np.int64] | None = None
    """[B, K], which channels found each, one bit a channel. None: there are no channels here."""
    passed: Bools | None = None
    """[B, K], whether relevance control lets each pass. None: it was not asked."""
    newest_used_ms: Int64s | None = None
    """[B], the newest behaviour behind each answer; NOTHING: none. None: nobody says."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Answers from one place on the way to the user."""

    name: str
    says: str
    """In a line, for people."""
    answers: Answers


class System(Protocol):
    """Something that answers searches. It may block, and raises what its parts raise: an evaluation has no gaps."""

    @property
    def name(self) -> str:
        """As the user named it."""
        ...

    @property
    def bundle_id(self) -> str: ...

    def stages(self, trial: Trial, k: int, tell: Tell) -> Sequence[Stage]:
        """The first `k` of every search, at each stage that this system has; the last one is what users see."""
        ...

    def why(self, trial: Trial, search: int, row: int) -> str:
        """In a sentence: why the item in `row` is where it is for that search."""
        ...


def require_no_pools(trial: Trial, name: str) -> None:
    """Raises InvalidConfig where searches are ranked among some items only: an index and a server rank all of them."""
    if trial.pools is not None:
        problem = f"{name} ranks every search among all items"
        raise InvalidConfig("within_category", problem, cure="ask it of a bundle, by exact search")


def padded(found: Sequence[Int64s], k: int) -> Int64s:
    """Answers of different lengths as one table. [B, k]"""
    table = np.full((len(found), k), NOTHING, np.int64)
    for query, rows in enumerate(found):
        table[query, : len(rows)] = rows[:k]
    return table
