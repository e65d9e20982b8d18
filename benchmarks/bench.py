"""The shape of a bench."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from multigrain.figures import Figure
from multigrain.settings import Settings


class Size(StrEnum):
    """How much to measure. `small` of any bench answers within 50 seconds on 2 cores."""

    SMALL = "small"
    ONE_MILLION = "1m"
    TEN_MILLION = "10m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One word behind `multigrain bench`. `run` measures and returns figures; `say` is for progress."""

    name: str
    summary: str
    sizes: tuple[Size, ...]
    run: Callable[[Settings, Size, Callable[[str], None]], Sequence[Figure]]


def seconds_of(work: Callable[[], object], *, repeats: int, warmups: int = 1) -> list[float]:
    """Wall seconds of each repeat, after `warmups` that are not counted."""
    for _ in range(warmups):
        work()
    samples = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        samples.append(time.perf_counter() - started)
    return samples
