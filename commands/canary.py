"""`multigrain canary`: does an index answer as its own towers would? Once, or again and again."""

import argparse
import time
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from multigrain.canary import CanaryReport
    from multigrain.registry.generation import Generation

REFUSED = 1


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("generation", nargs="?", default=None, help="generation id; default: the live one")
    parser.add_argument("--every", type=float, default=None, metavar="SECONDS", help="look again and again, for ever")
    parser.add_argument("--seed", type=int, default=None, help="to look at the same items and queries again")


def _run(args: argparse.Namespace, output: Output) -> int:
    import numpy as np

    from commands.opened import look, open_generation
    from commands.stores import open_engine, open_index_store
    from multigrain.errors import NothingLive
    from multigrain.registry.sql import SqlRegistry
    from multigrain.settings_in_force import current_settings

    settings = current_settings()
    engine = open_engine(settings)
    registry = SqlRegistry(engine)
    generation = registry.get(args.generation) if args.generation else registry.live()
    if generation is None:
        raise NothingLive("no generation is live: name one, or promote one first")
    opened = open_generation(generation, open_index_store(settings))
    rng = np.random.default_rng(args.seed)
    floor = settings.generation.canary_recall_floor
    while True:
        report = look(opened, engine, settings.generation, rng)
        _show(output, generation, report, floor)
        if args.every is None:
            return 0 if report.passes(floor) else REFUSED
        time.sleep(args.every)


def _show(output: Output, generation: "Generation", report: "CanaryReport", floor: float) -> None:
    from multigrain.figures import Figure

    seen = (report.low, report.high)
    recall = Figure(name=f"recall@{report.k}", value=report.recall, unit="", spread=seen, target=floor, at_most=False)
    counts = {
        "queries": report.queries,
        "items drawn": report.items,
        "trials": report.trials,
        "places checked": report.checked,
        "wrong scores": report.wrong_scores,
        "unknown items": report.unknown,
        "repeated items": report.repeated,
    }
    output.figures(
        f"Canary of {generation.generation_id}, its index against its own towers",
        [recall, *(Figure(name=name, value=count, unit="") for name, count in counts.items())],
        generation_id=generation.generation_id,
        verdict=report.verdict(floor).value,
    )
    output.say(f"{report.verdict(floor).value}: {report.describe(floor)}")


COMMAND = Command(
    name="canary",
    summary="try an index with sampled queries",
    description="Draws items from the catalogue and places from answers, and holds the index of a generation against "
    "its own towers: recall with its interval, wrong scores, unknown and repeated items. Exit code 1 when it is "
    "refused. A server does the same every server.canary_minutes.",
    add_arguments=_add_arguments,
    run=_run,
)
