"""`multigrain synth`: a simulated marketplace's logs."""

import argparse
from pathlib import Path

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--items", type=int, default=4000, help="how many items (default: 4000)")
    parser.add_argument("--users", type=int, default=600, help="how many users (default: 600)")
    parser.add_argument("--days", type=int, default=14, help="how many days of searches (default: 14)")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same bytes (default: 7)")
    parser.add_argument(
        "--recent", action="store_true", help="the days end with yesterday (default: they begin on 2026-11-01)"
    )
    parser.add_argument(
        "--judged",
        type=int,
        default=0,
        metavar="N",
        help="also have N query-item pairs judged, three in four from the pages shown and one at random: the mean of "
        "three raters, each of whom is one grade off a quarter of the time (default: 0, no judgments)",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the log files")


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.recent import recent_first_day_ms
    from multigrain.errors import InvalidConfig
    from trainer.data.market.judging import write_judgments
    from trainer.data.market.marketplace import FIRST_DAY_MS, Plan
    from trainer.data.market.truth import FOLDER
    from trainer.data.market.write import digest_of, write_marketplace
    from trainer.evaluation.truth import Truth

    for name in ("items", "users", "days"):
        if getattr(args, name) < 1:
            raise InvalidConfig(f"--{name}", f"is {getattr(args, name)}", cure="give 1 or more")
    if args.judged < 0:
        raise InvalidConfig("--judged", f"is {args.judged}", cure="give 0 or more")
    plan = Plan(
        items=args.items,
        users=args.users,
        days=args.days,
        seed=args.seed,
        first_day_ms=recent_first_day_ms(args.days) if args.recent else FIRST_DAY_MS,
    )
    with output.progress() as progress, progress.step("simulating the marketplace") as step:
        written = write_marketplace(args.out, plan, lambda done, total: step.update(done, total, "days"))
        step.update(1, 1, f"{written.searches:,} searches, {written.events:,} events")
    digest = written.digest
    if args.judged:
        write_judgments(args.out, args.judged, Truth.open(args.out / FOLDER).grades, seed=args.seed)
        digest = digest_of(args.out)
    rows = {
        "items": written.items,
        "users": written.users,
        "searches": written.searches,
        "exposures": written.exposures,
        "events": written.events,
        **({"judgments": args.judged} if args.judged else {}),
    }
    output.say(f"{args.out}: " + ", ".join(f"{count:,} {name}" for name, count in rows.items()))
    output.say(f"the same seed gives the same bytes: {digest[:16]}")
    output.result({"out": args.out, **rows, "digest": digest})
    return 0


COMMAND = Command(
    name="synth",
    summary="simulate a marketplace and write its logs",
    description="Writes catalog, searches and events as Parquet in the layout of docs/data.md, and the truth behind "
    "them into truth/: a shop of three-level categories, users with a taste that shows on three time scales, an "
    "imperfect search engine, robots. Deterministic by seed. For development, tests and demos.",
    add_arguments=_add_arguments,
    run=_run,
)
