"""The tuning of one generation: its queries, its vectors, a search over settings, and what is kept of it."""

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from commands.output import Output
from commands.stores import open_engine, open_index_store
from commands.tuning.queries import sampled
from commands.tuning.tell import setting_of, tell
from commands.tuning.trial import Took, Trial
from multigrain.bundle import open_bundle
from multigrain.encoder import load_encoder
from multigrain.errors import InvalidConfig, NothingLive, WrongState
from multigrain.index import specs
from multigrain.index.item_index import IndexStore
from multigrain.index.specs import IndexSpec
from multigrain.index.tuning import Tuned, knobs_of, tune
from multigrain.registry.generation import Generation
from multigrain.registry.registry import Registry
from multigrain.registry.sql import SqlRegistry
from multigrain.settings import Settings
from multigrain.types import Float32s, GenerationId

ROWS_AT_ONCE = 10_000
TIMED_QUERIES = 100
"""Of each setting: enough for a 95th percentile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a setting must find, and who asks."""

    k: int
    recall: float
    queries: int
    """At most so many."""


def tune_generation(settings: Settings, name: str | None, wanted: Wanted, out: Path | None, output: Output) -> int:
    """The exit code: 0 when a setting was kept, or there is nothing to tune; 1 when none finds enough.

    `name` None: the live generation. `out` None: beside the data.
    """
    with ExitStack() as open_things:
        engine = open_engine(settings)
        open_things.callback(engine.dispose)
        registry = SqlRegistry(engine)
        generation = _generation(registry, name)
        spec = specs.from_dict(generation.index_spec)
        spec.check_k(wanted.k)
        if not knobs_of(spec, wanted.k):
            output.say(f"{generation.generation_id}: nothing to tune: {spec.kind} has no parameter of a search")
            output.result({"generation_id": generation.generation_id, "spec": specs.to_dict(spec), "figures": []})
            return 0
        bundle = open_bundle(Path(generation.bundle_path))
        asked = sampled(engine, bundle, load_encoder(bundle), wanted.queries)
        if not len(asked.vectors):
            raise InvalidConfig("--queries", "there are none to ask", cure="stream some searches first")
        output.say(f"{len(asked.vectors)} queries: {asked.golden} golden of the bundle, {asked.recent} of users")
        indexes = open_index_store(settings)
        open_things.callback(indexes.close)
        folder = out or settings.data.dir / "tuning" / generation.generation_id
        return tune_index(generation, registry, indexes, asked.vectors, wanted, folder, output)


def tune_index(
    generation: Generation,
    registry: Registry,
    indexes: IndexStore,
    queries: Float32s,
    wanted: Wanted,
    folder: Path,
    output: Output,
) -> int:
    """The same with everything at hand: queries [B, dims]; `folder` gets the curve."""
    tuned, took = _measured(generation, indexes, queries, wanted, output)
    if tuned.chosen is not None:
        registry.keep_index_spec(generation.generation_id, specs.to_dict(tuned.chosen.spec))
    tell(generation.generation_id, tuned, took, output, k=wanted.k, recall=wanted.recall, folder=folder)
    return 0 if tuned.chosen is not None else 1


def _generation(registry: Registry, name: str | None) -> Generation:
    if name is not None:
        return registry.get(GenerationId(name))
    live = registry.live()
    if live is None:
        raise NothingLive("no generation is live: promote one, or name one with --generation")
    return live


def _measured(
    generation: Generation, indexes: IndexStore, queries: Float32s, wanted: Wanted, output: Output
) -> tuple[Tuned, dict[IndexSpec, Took]]:
    index = indexes.open(generation.collection)
    index.load()
    if not index.count():
        raise WrongState(f"the index of {generation.generation_id} is empty: there is nothing to find")
    with output.progress() as progress:
        with progress.step("read vectors and search them exactly"):
            rows = index.scan(ROWS_AT_ONCE)
            trial = Trial(queries, rows, wanted.k, lambda spec: indexes.open(generation.collection, spec=spec))
        tried: list[IndexSpec] = []
        with progress.step("try settings") as step:

            def recall_of(spec: IndexSpec) -> float:
                found = trial.recall_of(spec)
                tried.append(spec)
                step.update(len(tried), note=f"{setting_of(spec, wanted.k)}: recall {found:.4f}")
                return found

            tuned = tune(specs.from_dict(generation.index_spec), wanted.k, wanted.recall, recall_of)
        timed = min(TIMED_QUERIES, len(queries))
        with progress.step("time them in turns") as step:
            took = trial.in_turns(tried, timed, time.perf_counter, lambda done: step.update(done, timed))
    return tuned, took
