"""`multigrain pretrain`: catalogue -> an evaluated bundle, without a single search."""

import argparse
import sys
import time
from pathlib import Path

from commands.command import Command
from commands.output import Output

EXIT_INTERRUPTED = 130
"""As the shell has it for Ctrl-C; commands/main.py says the same of other commands."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("train_config", metavar="CONFIG", help="a shipped config (mmse) or a TOML file")
    parser.add_argument(
        "--logs", type=Path, required=True, help="log folder (docs/data.md); of it the catalogue alone is read"
    )
    parser.add_argument("--out", type=Path, required=True, help="work folder; a broken run goes on where it stopped")
    parser.add_argument("--seed", type=int, default=None, help="instead of run.seed of the config")


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.reporting import reporter_on
    from trainer.configs.config import load_config
    from trainer.evaluation.measures import DEPTHS
    from trainer.pretraining.flow import pretrain
    from trainer.training.stopping import Stopped

    config = load_config(args.train_config).with_run(seed=args.seed)
    try:
        with output.progress() as progress, reporter_on(progress) as reporter:
            candidate = pretrain(
                args.logs,
                args.out,
                config,
                reporter=reporter,
                clock=time.monotonic,
                clock_ms=lambda: time.time_ns() // 1_000_000,
            )
    except Stopped as stopped:
        print(f"multigrain: {stopped}: the same command goes on from there", file=sys.stderr)
        return EXIT_INTERRUPTED
    report = candidate.report
    output.table(
        f"{report.bundle_id}: recall over all {report.items:,} items, {report.queries:,} pieces of titles",
        ("K>", "recall>"),
        [(k, f"{report.scores[f'recall@{k}']:.3f}") for k in DEPTHS if f"recall@{k}" in report.scores],
        caption=f"bundle: {candidate.bundle.path}; to train from it: multigrain train --from {args.out}",
    )
    output.result(
        {
            "bundle": candidate.bundle.path,
            "bundle_id": report.bundle_id,
            "figures": [{"name": name, "value": value, "unit": ""} for name, value in report.scores.items()],
        }
    )
    return 0


COMMAND = Command(
    name="pretrain",
    summary="train towers on the catalogue alone",
    description="Catalogue -> pieces of titles as searches -> towers -> bundle -> exact evaluation on further pieces. "
    "Needs no searches. The bundle can be evaluated and published; `multigrain train --from` starts from it. Every "
    "step leaves a finished folder in the work folder; the same command goes on where a broken run stopped.",
    add_arguments=_add_arguments,
    run=_run,
)
