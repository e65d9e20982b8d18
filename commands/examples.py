"""`multigrain examples`: logs -> training examples."""

import argparse
from pathlib import Path

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--logs", type=Path, required=True, help="log folder (docs/data.md)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the example shards")
    parser.add_argument("--train-config", default="demo", help="whose windows and split are used (default: demo)")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.finished import write_mark, written_beside
    from trainer.configs.config import load_config
    from trainer.data.examples import write_examples
    from trainer.data.logs import read_logs

    config = load_config(args.train_config)
    with output.progress() as progress, progress.step("making examples") as step:
        logs = read_logs(args.logs)
        with written_beside(args.out) as draft:
            made = write_examples(
                logs,
                draft,
                windows=config.windows.to_floor(),
                test_hours=config.run.test_hours,
                shards=config.run.shards,
            )
            write_mark(draft, "examples")
        step.update(1, 1, f"{made.train:,} to train, {made.test:,} to test")
    output.say(f"{args.out}: {made.train:,} examples to train with, {made.test:,} of the last hours to test with")
    output.result({"out": args.out, "train": made.train, "test": made.test})
    return 0


COMMAND = Command(
    name="examples",
    summary="turn logs into training examples",
    description="One example a search with a click, with the user's history as of the search's own time, split by "
    "time. Nothing that happened at or after a search is in its history.",
    add_arguments=_add_arguments,
    run=_run,
)
