"""`multigrain bench exact`: the exact full-pool top-k of evaluation, against the machine's own matrix product.

The product is measured before and after each search, and a search is held against the two beside it: on a machine that
others use as well, the rates of one minute say little about those of the next.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from statistics import median

from benchmarks.bench import Bench, Size, seconds_of
from benchmarks.limits.machine import sgemm_gflops
from benchmarks.vectors import clustered
from multigrain.figures import Figure
from multigrain.settings import Settings
from trainer.evaluation.topk import exact_top_k

DIMS = 128
REPEATS = 5
SHARE = 0.5
"""Of the rate of the bare product: what choosing may leave of it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is searched."""

    queries: int
    items: int
    k: int


SHAPES = {Size.SMALL: Shape(1_000, 100_000, 100), Size.ONE_MILLION: Shape(5_000, 1_000_000, 1_000)}


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    shape = SHAPES[size]
    say(f"{shape.queries:,} x {shape.items:,}")
    queries, items = clustered(shape.queries, DIMS, seed=1), clustered(shape.items, DIMS, seed=2)
    work = 2 * shape.queries * shape.items * DIMS / 1e9
    seconds, sgemm = [], [sgemm_gflops(repeats=3)]
    for repeat in range(1, REPEATS + 1):
        say(f"search {repeat} of {REPEATS}, and sgemm")
        seconds += seconds_of(lambda: exact_top_k(queries, items, shape.k), repeats=1, warmups=0)
        sgemm.append(sgemm_gflops(repeats=3))
    rates = [work / s for s in seconds]
    beside = [median(before + after) for before, after in pairwise(sgemm)]
    what = f"exact top {shape.k:,} of {shape.items:,} x {DIMS}, {shape.queries:,} queries"
    return (
        Figure.of(what, seconds, "s"),
        Figure.of("its rate of arithmetic", rates, "GFLOP/s", limit=median(chain(*sgemm)), limit_name="sgemm"),
        Figure.of(
            "its share of the sgemm beside it",
            [rate / limit for rate, limit in zip(rates, beside, strict=True)],
            "",
            target=SHARE,
            at_most=False,
        ),
    )


BENCH = Bench(
    name="exact", summary="exact full-pool top-k, against sgemm", sizes=(Size.SMALL, Size.ONE_MILLION), run=_run
)
