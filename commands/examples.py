"""`multigrain examples`: logs -> training examples."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from trainer.data.joining.engines.engine import OpenEngine

ENGINES = ("duckdb", "spark")
"""As in trainer/data/joining/engines/engine.py, which is not imported here because it loads Ibis."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--logs", type=Path, required=True, help="log folder (docs/data.md)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the example shards")
    parser.add_argument(
        "--train-config", default="demo", help="whose windows, robots and split are used (default: demo)"
    )
    parser.add_argument(
        "--leave-out-hours",
        type=float,
        default=None,
        metavar="H",
        help="do not read the last H hours of the logs: the hours before them are the test part then "
        "(default: run.leave_out_hours of the config)",
    )
    parser.add_argument("--engine", choices=ENGINES, default="duckdb", help="what runs the joins (default: duckdb)")
    parser.add_argument("--spark-master", default="local[*]", help="with --engine spark (default: local[*])")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.finished import write_mark, written_beside
    from trainer.configs.config import load_config
    from trainer.data.examples import write_examples
    from trainer.data.logs import read_logs

    config = load_config(args.train_config).with_run(leave_out_hours=args.leave_out_hours)
    open_engine = _engine(args)
    with output.progress() as progress:
        with progress.step("checking the logs") as step:
            logs = read_logs(args.logs)
            searches, events = len(logs.searches), len(logs.events)
            step.update(1, 1, f"{searches:,} searches, {events:,} events")
            # The engine reads the files itself, and wants the memory.
            del logs
        with progress.step(f"making examples on {args.engine}") as step, written_beside(args.out) as draft:
            made = write_examples(
                args.logs, draft, config, open_engine=open_engine, say=lambda stage: step.update(0, None, stage)
            )
            write_mark(draft, "examples")
            step.update(1, 1, f"{made.train:,} to train, {made.test:,} to test")
    output.say(f"{args.out}: {made.train:,} examples to train with, {made.test:,} of the last hours to test with")
    if made.spans:
        output.say(f"{made.spans:,} spans of titles are among those to train with")
    output.say(f"left out: {made.robot_searches:,} searches of {made.robot_users:,} robots")
    output.result(
        {
            "out": args.out,
            "engine": made.engine,
            "searches": searches,
            "events": events,
            "train": made.train,
            "test": made.test,
            "spans": made.spans,
            "leave_out_hours": made.leave_out_hours,
            "shards": made.shards,
            "robot_users": made.robot_users,
            "robot_searches": made.robot_searches,
        }
    )
    return 0


def _engine(args: argparse.Namespace) -> "OpenEngine":
    from functools import partial

    from trainer.data.joining.engines.duckdb import open_duckdb
    from trainer.data.joining.engines.spark import check_spark, open_spark

    if args.engine == "duckdb":
        return open_duckdb
    # Before the logs are read: whoever lacks Java should not wait for that.
    check_spark()
    return partial(open_spark, master=args.spark_master)


COMMAND = Command(
    name="examples",
    summary="turn logs into training examples",
    description="One example a search with a click, with the user's history as of the search's own time, split by "
    "time. Nothing that happened at or after a search is in its history. DuckDB and Spark write the same rows.",
    add_arguments=_add_arguments,
    run=_run,
)
