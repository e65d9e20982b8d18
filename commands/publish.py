"""`multigrain publish`: an evaluated bundle -> a generation that is ready."""

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("work", type=Path, help="work folder of `multigrain train`")
    parser.add_argument("--embedded", type=Path, metavar="DIR", help="vectors that `multigrain embed` made before")
    parser.add_argument("--promote", action="store_true", help="make it live as soon as it is ready")
    parser.add_argument("--override", default="", metavar="WHY", help="publish although the gate refuses; kept with it")


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.reporting import reporter_on
    from commands.stores import open_engine, open_index_store
    from commands.switching import tidy_up
    from multigrain.catalog.catalog import SqlCatalogue
    from multigrain.index.planner import plan
    from multigrain.index.suitability import Machine
    from multigrain.registry.sql import SqlRegistry
    from multigrain.settings_in_force import current_settings
    from multigrain.types import RETRIEVE_MAX, GenerationId
    from trainer.flow import find_candidate, publish
    from trainer.publish.index_build import Stores

    settings = current_settings()
    candidate = find_candidate(args.work)
    engine, indexes = open_engine(settings), open_index_store(settings)
    registry = SqlRegistry(engine, clock=_now_ms)
    stores = Stores(catalogue=SqlCatalogue(engine), registry=registry, indexes=indexes)
    tidy_up(settings, registry, lambda: indexes, output)
    chosen = plan(
        stores.catalogue.count(),
        candidate.bundle.manifest.dims,
        RETRIEVE_MAX,
        lite="://" not in settings.milvus_uri,
        kind=settings.generation.index_kind,
        machine=Machine(scan_bytes=round(settings.generation.scan_memory_gb * 1e9) or None),
    )
    output.say(f"index: {chosen.spec.kind}, {chosen.memory_bytes / 1e6:,.0f} MB: {chosen.reason}")
    generation_id = GenerationId(f"g-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    with output.progress() as progress, reporter_on(progress) as reporter:
        generation = publish(
            candidate,
            stores,
            generation_id=generation_id,
            bundles=settings.bundles_dir,
            spec=chosen.spec,
            settings=settings.generation,
            rules=settings.gate,
            override=args.override,
            embedded=args.embedded,
            reporter=reporter,
            clock=time.monotonic,
            clock_ms=_now_ms,
        )
    if args.promote:
        registry.promote(generation_id)
        generation = registry.get(generation_id)
    output.say(f"{generation_id} is {generation.state}, canary recall {generation.scores['canary_recall']:.4f}")
    if not args.promote:
        output.say(f"next: multigrain generations promote {generation_id}")
    output.result({"generation_id": generation_id, "state": generation.state, "scores": dict(generation.scores)})
    return 0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


COMMAND = Command(
    name="publish",
    summary="build the index of an evaluated bundle and check it",
    description="Encodes the catalogue with the bundle's item tower, builds the index, compares it with exact search "
    "(the canary) and marks the generation ready. A build that fails leaves no index behind. --promote makes it live. "
    "Before that the gate asks the test searches of the bundle and of the live one, and refuses a worse bundle.",
    add_arguments=_add_arguments,
    run=_run,
)
