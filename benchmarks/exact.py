"""`multigrain bench exact`: the exact full-pool top-k of evaluation, against the machine's own matrix product."""

from collections.abc import Callable, Sequence

from benchmarks.bench import Bench, Size, seconds_of
from benchmarks.limits.machine import sgemm_gflops
from benchmarks.vectors import clustered
from multigrain.figures import Figure
from multigrain.settings import Settings
from trainer.evaluation.topk import exact_top_k

DIMS = 128
K = 100
SHAPES = {Size.SMALL: (1_000, 100_000), Size.ONE_MILLION: (2_000, 1_000_000)}


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    queries, items = SHAPES[size]
    say("sgemm")
    limit = sorted(sgemm_gflops())[2]
    say(f"{queries:,} x {items:,}")
    left, right = clustered(queries, DIMS, seed=1), clustered(items, DIMS, seed=2)
    work = 2 * queries * items * DIMS / 1e9
    seconds = seconds_of(lambda: exact_top_k(left, right, K), repeats=3)
    return (
        Figure.of(f"exact top {K} of {items:,} x {DIMS}, {queries:,} queries", seconds, "s"),
        Figure.of(
            "its rate of arithmetic",
            [work / s for s in seconds],
            "GFLOP/s",
            target=limit / 2,
            at_most=False,
            limit=limit,
            limit_name="sgemm",
        ),
    )


BENCH = Bench(
    name="exact", summary="exact full-pool top-k, against sgemm", sizes=(Size.SMALL, Size.ONE_MILLION), run=_run
)
