"""`multigrain bench build`: a catalogue -> a generation that is ready, as `publish` builds it, and in how much memory.

The bundle has the paper's dims and is not trained: what a build costs does not depend on the weights. The canary asks
it real queries all the same, and must find what exact search finds.
"""

import resource
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench import Bench, Size
from benchmarks.paper_bundle import PaperBundle, make_paper_bundle
from benchmarks.stores import store_name, throwaway_database, throwaway_milvus
from multigrain.catalog.catalog import SqlCatalogue
from multigrain.encoder import load_encoder
from multigrain.events import ItemUpserted
from multigrain.figures import Figure
from multigrain.index.planner import plan
from multigrain.registry.generation import Evaluated
from multigrain.registry.sql import SqlRegistry, wall_clock_ms
from multigrain.settings import Settings
from multigrain.types import RETRIEVE_MAX, GenerationId, ItemId
from trainer.progress import Progress
from trainer.publish.index_build import Stores, build_generation

ITEMS = {Size.SMALL: 10_000, Size.ONE_MILLION: 1_000_000}
WRITE_AT_ONCE = 5_000
GENERATION = GenerationId("g-bench")
MB = 1e6


@dataclass(slots=True)
class Stages:
    """When each stage of a build was last heard of."""

    say: Callable[[str], None]
    last: dict[str, float] = field(default_factory=dict)

    def __call__(self, progress: Progress) -> None:
        left = "" if progress.seconds_left is None else f", {progress.seconds_left:,.0f} s left"
        self.say(f"{progress.step}: {progress.done:,} of {progress.total:,}{left}")
        self.last[progress.step] = time.perf_counter()


def _run(settings: Settings, size: Size, say: Callable[[str], None]) -> Sequence[Figure]:
    count = ITEMS[size]
    with (
        TemporaryDirectory(prefix="multigrain-bench-") as folder,
        throwaway_database(settings) as engine,
        throwaway_milvus(settings) as indexes,
    ):
        say("exporting a bundle")
        made = make_paper_bundle(Path(folder) / "bundle", item_rows=10_000)
        encoder, catalogue = load_encoder(made.bundle), SqlCatalogue(engine)
        for start in range(0, count, WRITE_AT_ONCE):
            say(f"writing the catalogue, {start:,} of {count:,}")
            catalogue.apply(list(_upserts(made, start, min(start + WRITE_AT_ONCE, count))))
        before_mb = _most_memory_mb()
        lite = "://" not in settings.milvus_uri
        stages, started = Stages(say), time.perf_counter()
        generation = build_generation(
            GENERATION,
            made.bundle,
            encoder,
            Stores(catalogue=catalogue, registry=SqlRegistry(engine), indexes=indexes),
            spec=plan(count, encoder.dims, RETRIEVE_MAX, lite=lite).spec,
            queries=made.queries,
            evaluated=Evaluated(),
            settings=settings.generation,
            clock_ms=wall_clock_ms,
            clock=time.monotonic,
            reporter=stages,
        )
        whole = time.perf_counter() - started
        place = f"{count:,} items, {indexes.describe().split(' in ')[0].split(' at ')[0]}, {store_name(engine)}"
        indexes.open(generation.collection).drop()
    filled, built = stages.last["encode"] - started, stages.last["index"] - stages.last["encode"]
    return [
        Figure(name=f"encode and write, {place}", value=count / filled, unit="items/s"),
        Figure(name="index build", value=built, unit="s"),
        Figure(name="catch up, canary, hand-over", value=whole - filled - built, unit="s"),
        Figure(name="the whole build", value=whole, unit="s"),
        Figure(name="canary recall", value=generation.scores["canary_recall"], unit="share"),
        Figure(name="memory that the build added at its peak", value=_most_memory_mb() - before_mb, unit="MB"),
    ]


def _upserts(made: PaperBundle, start: int, end: int) -> Iterator[ItemUpserted]:
    for number in range(start, end):
        like = made.items[number % len(made.items)]
        item = replace(like, item_id=ItemId(f"sku-{number:07d}"), title=f"{like.title} {number}", source_version=1)
        yield ItemUpserted(event_id=f"e-{number}", at_ms=0, item=item)


def _most_memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB


BENCH = Bench(
    name="build", summary="a catalogue -> a ready generation: speed by stage, memory", sizes=tuple(ITEMS), run=_run
)
