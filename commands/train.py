"""`multigrain train`: logs -> an evaluated bundle."""

import argparse
import sys
import time
from pathlib import Path

from commands.command import Command
from commands.output import Output

EXIT_INTERRUPTED = 130
"""As the shell has it for Ctrl-C; commands/main.py says the same of other commands."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("train_config", metavar="CONFIG", help="a shipped config (demo, mgdspr) or a TOML file")
    parser.add_argument("--logs", type=Path, required=True, help="log folder (docs/data.md)")
    parser.add_argument("--out", type=Path, required=True, help="work folder; a broken run goes on where it stopped")
    parser.add_argument(
        "--examples", type=Path, default=None, help="finished examples of these logs, instead of making them"
    )
    parser.add_argument(
        "--from",
        dest="start_from",
        type=Path,
        default=None,
        metavar="PLACE",
        help="work folder of an earlier run, or a bundle, to start from its towers; vocabularies may have grown",
    )
    parser.add_argument("--epochs", type=int, default=None, help="instead of run.epochs of the config")
    parser.add_argument("--seed", type=int, default=None, help="instead of run.seed of the config")
    parser.add_argument(
        "--leave-out-hours", type=float, default=None, help="instead of run.leave_out_hours of the config"
    )


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.reporting import reporter_on
    from trainer.configs.config import load_config
    from trainer.evaluation.measures import DEPTHS
    from trainer.flow import make_candidate
    from trainer.training.stopping import PartDone, Stopped

    config = load_config(args.train_config).with_run(
        epochs=args.epochs, seed=args.seed, leave_out_hours=args.leave_out_hours
    )
    try:
        with output.progress() as progress, reporter_on(progress) as reporter:
            candidate = make_candidate(
                args.logs,
                args.out,
                config,
                reporter=reporter,
                clock=time.monotonic,
                clock_ms=lambda: time.time_ns() // 1_000_000,
                given_examples=args.examples,
                start_from=args.start_from,
            )
    except Stopped as stopped:
        print(f"multigrain: {stopped}: the same command goes on from there", file=sys.stderr)
        return EXIT_INTERRUPTED
    except PartDone as done:
        output.say(str(done))
        output.result({"bundle": None, "figures": []})
        return 0
    report = candidate.report
    # Where nobody has a history, none was withheld.
    systems = {
        name: prefix
        for name, prefix in (("model", ""), ("history off", "history_off_"), ("popularity", "popularity_"))
        if f"{prefix}recall@{DEPTHS[0]}" in report.scores
    }
    output.table(
        f"{report.bundle_id}: recall over all {report.items:,} items, {report.queries:,} test searches",
        ("K>", *(f"{name}>" for name in systems)),
        [
            (k, *(f"{report.scores[f'{prefix}recall@{k}']:.3f}" for prefix in systems.values()))
            for k in DEPTHS
            if f"recall@{k}" in report.scores
        ],
        caption=f"bundle: {candidate.bundle.path}",
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
    name="train",
    summary="train towers and export an evaluated bundle",
    description="Logs -> examples -> towers -> bundle -> exact evaluation on the last hours. Every step leaves a "
    "finished folder in the work folder; the same command goes on where a broken run stopped.",
    add_arguments=_add_arguments,
    run=_run,
)
