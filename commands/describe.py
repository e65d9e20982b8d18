"""`multigrain describe`: what some logs hold."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from multigrain.figures import Figure


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("logs", metavar="DIR", type=Path, help="log folder (docs/data.md)")
    parser.add_argument("--train-config", default="mgdspr", help="whose windows and robots rule (default: mgdspr)")


def _run(args: argparse.Namespace, output: Output) -> int:
    from trainer.configs.config import load_config
    from trainer.data.logs import read_logs
    from trainer.data.market.truth import FOLDER
    from trainer.evaluation.describe import describe
    from trainer.evaluation.truth import Truth

    config = load_config(args.train_config)
    with output.progress() as progress, progress.step("reading the logs") as step:
        logs = read_logs(args.logs)
        # Imported logs have no truth, and are described without it.
        truth = Truth.open(args.logs / FOLDER) if (args.logs / FOLDER).exists() else None
        step.update(0, 1, "counting")
        sections = describe(args.logs, logs, truth, windows=config.windows.to_floor(), robots=config.robots)
        step.update(1, 1, f"{len(logs.searches):,} searches, {len(logs.events):,} events")
    for section in sections:
        output.table(section.title, ("figure", "value>", "unit", "holds"), [_row(figure) for figure in section.figures])
    output.result({"figures": [figure.as_json() for section in sections for figure in section.figures]})
    return 0


def _row(figure: "Figure") -> tuple[str, str, str, str]:
    value = f"{figure.value:,.0f}" if figure.value.is_integer() else f"{figure.value:,.3f}"
    return figure.name, value, figure.unit, {None: "", True: "yes", False: "MISSED"}[figure.holds]


COMMAND = Command(
    name="describe",
    summary="say what some logs hold, and what there is to learn in them",
    description="Sizes, click-through by rank, queries by kind, cold items, robots, and for each window of history how "
    "much better the next click is guessed with it. Of simulated logs also how relevant pages were, by their truth.",
    add_arguments=_add_arguments,
    run=_run,
)
