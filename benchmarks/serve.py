"""`multigrain bench serve`: what the request path costs over the bare search, at fixed rates, and beside a naive one.

READ FIRST: docs/bench-serve.md says what is served, to whom, and how each figure comes about. Servers are processes of
their own, the load another one; an open loop counts each latency from when its request was due.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.bench import Bench, Size
from benchmarks.serving.scene import Extent, open_scene
from multigrain.figures import Figure
from multigrain.settings import Settings

DEPTHS = {Size.SMALL: (1_000,), Size.ONE_MILLION: (1_000, 9_600)}
EXTENTS = {
    Size.SMALL: Extent(items=5_000, users=100, texts=40, depth=1_000, item_rows=10_000, compiled=False),
    Size.ONE_MILLION: Extent(items=1_000_000, users=5_000, texts=200, depth=9_600, item_rows=1_000_000, compiled=True),
}
KEPT = {Size.SMALL: None, Size.ONE_MILLION: "1m"}
"""Under which name a scene stays for the next run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long each thing is measured."""

    pairs: int
    warmups: int
    shares: tuple[float, ...]
    """Rates of the open loop, of what the clients of a closed one get."""
    open_seconds: float
    turns: int
    turn_seconds: float
    """Of each server in a comparison of throughputs."""


EFFORTS = {
    Size.SMALL: Effort(pairs=12, warmups=3, shares=(0.5,), open_seconds=3, turns=2, turn_seconds=0.7),
    Size.ONE_MILLION: Effort(pairs=200, warmups=20, shares=(0.3, 0.5, 0.7), open_seconds=20, turns=5, turn_seconds=4),
}


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    # Only here: they load TensorFlow and the stores.
    from benchmarks.naive import server as naive
    from benchmarks.serving import measures
    from benchmarks.serving.programs import running, serve, served

    effort, targets = EFFORTS[size], measures.targets_of(size)
    with open_scene(settings, EXTENTS[size], say, keep=KEPT[size]) as scene:
        say("servers start")
        programs = (serve, served(scene)), (naive.serve, scene.settings_of("naive"))
        with running(*programs) as (ours, beside):
            measures.wait_until_whole(ours, scene)
            figures = [measures.scene_figure(scene)]
            for depth in DEPTHS[size]:
                say(f"pairs, k = {depth:,}")
                figures += measures.pairs(scene, ours, depth, effort.pairs, effort.warmups, targets[depth])
                figures.append(asyncio.run(measures.agreement(scene, ours, beside, depth)))
                say(f"throughput, k = {depth:,}")
                rates = asyncio.run(measures.throughputs(scene, ours, beside, depth, effort.turns, effort.turn_seconds))
                figures += measures.throughput_figures(rates, depth, targets[depth])
                for share in effort.shares:
                    say(f"open loop at {share:.0%}, k = {depth:,}")
                    rate = share * float(np.median(rates.ours))
                    figures += asyncio.run(
                        measures.open_loop_figures(scene, ours, depth, rate, share, effort.open_seconds)
                    )
    return figures


BENCH = Bench(
    name="serve", summary="Retrieve, against the bare search and a naive server", sizes=tuple(EXTENTS), run=_run
)
