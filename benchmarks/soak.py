"""`multigrain bench soak`: one server under a steady load while its shop changes; what its memory and its p99 do.

Drift is the last quarter against the first, after the warm-up. Catalogue and histories change meanwhile as the stream
would change them: a server whose columns and titles never move would leak nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.bench import Bench, Size
from benchmarks.serve import EXTENTS, KEPT
from benchmarks.serving.scene import open_scene
from multigrain.figures import Figure
from multigrain.settings import Settings

LIMIT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long, and in how many parts it is looked at."""

    warm_seconds: float
    seconds: float
    parts: int
    memory_drift: float | None
    """Per cent at most; None: too short to say."""
    p99_drift: float | None


EFFORTS = {
    Size.SMALL: Effort(warm_seconds=2, seconds=6, parts=4, memory_drift=None, p99_drift=None),
    Size.ONE_MILLION: Effort(warm_seconds=120, seconds=1_200, parts=20, memory_drift=2.0, p99_drift=10.0),
}


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    # Only here: they load TensorFlow and the stores.
    from benchmarks.serving import measures, soaking
    from benchmarks.serving.changes import changing
    from benchmarks.serving.programs import running, serve, served

    effort = EFFORTS[size]
    with open_scene(settings, EXTENTS[size], say, keep=KEPT[size]) as scene:
        say("the server starts")
        with running((serve, served(scene))) as (ours,):
            measures.wait_until_whole(ours, scene)
            with changing(scene):
                soaked = asyncio.run(soaking.soak(scene, ours, LIMIT, effort.warm_seconds, effort.seconds, say))
    figures = soaking.figures(soaked, effort.parts, memory=effort.memory_drift, p99=effort.p99_drift)
    return [measures.scene_figure(scene), *figures]


BENCH = Bench(name="soak", summary="a server under a steady load, for long", sizes=tuple(EXTENTS), run=_run)
