"""`multigrain synth`: a simulated marketplace's logs."""

import argparse
from pathlib import Path

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--items", type=int, default=4000, help="how many items (default: 4000)")
    parser.add_argument("--users", type=int, default=600, help="how many users (default: 600)")
    parser.add_argument("--days", type=int, default=14, help="how many days of searches (default: 14)")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same shop (default: 7)")
    parser.add_argument(
        "--recent", action="store_true", help="the days end with yesterday (default: they begin on 2026-11-01)"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the log files")


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.recent import recent_first_day_ms
    from multigrain.errors import InvalidConfig
    from trainer.data.logs import write_logs
    from trainer.data.marketplace import FIRST_DAY_MS, make_marketplace

    for name in ("items", "users", "days"):
        if getattr(args, name) < 1:
            raise InvalidConfig(f"--{name}", f"is {getattr(args, name)}", cure="give 1 or more")
    with output.progress() as progress, progress.step("simulating the marketplace") as step:
        first_day_ms = recent_first_day_ms(args.days) if args.recent else FIRST_DAY_MS
        logs = make_marketplace(args.items, args.users, args.days, args.seed, first_day_ms=first_day_ms)
        write_logs(args.out, logs)
        step.update(1, 1, f"{len(logs.searches):,} searches, {len(logs.events):,} events")
    rows = {"items": len(logs.catalog), "searches": len(logs.searches), "events": len(logs.events)}
    output.say(f"{args.out}: " + ", ".join(f"{count:,} {name}" for name, count in rows.items()))
    output.result({"out": args.out, **rows})
    return 0


COMMAND = Command(
    name="synth",
    summary="simulate a marketplace and write its logs",
    description="Writes catalog, searches and events as Parquet in the layout of docs/data.md: a shop of three-level "
    "categories, users with a taste, an imperfect search engine. Deterministic by seed. For development and demos.",
    add_arguments=_add_arguments,
    run=_run,
)
