"""`multigrain check-logs`: are these logs fit to be trained on?"""

import argparse
from pathlib import Path

from commands.command import Command
from commands.output import Output

REJECTED = "rejected"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--logs", type=Path, metavar="DIR", required=True, help="log folder (docs/data.md)")
    parser.add_argument(
        "--lenient", action="store_true", help=f"set bad rows aside in DIR/{REJECTED} and write the others to --out"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="with --lenient: folder for the good rows")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.errors import InvalidConfig

    if args.lenient and args.out is None:
        raise InvalidConfig("--out", "is not given", cure="--lenient needs a folder for the good rows")
    if args.out is not None and not args.lenient:
        raise InvalidConfig("--out", "is only for --lenient", cure="leave it out: a strict check writes nothing")
    if args.out is not None and args.out.resolve() == args.logs.resolve():
        raise InvalidConfig("--out", "is the folder that is checked", cure="name another: logs are not overwritten")
    return _clean(args, output) if args.lenient else _check(args, output)


def _check(args: argparse.Namespace, output: Output) -> int:
    from commands.log_counts import count_logs
    from trainer.data.logs import read_logs

    with output.progress() as progress, progress.step("checking the logs") as step:
        counts = count_logs(read_logs(args.logs))
        step.update(1, 1, "every row is good")
    output.table(f"{args.logs}", ("what", "rows>"), counts.as_rows())
    output.result({"logs": args.logs, **counts.as_json()})
    return 0


def _clean(args: argparse.Namespace, output: Output) -> int:
    from commands.log_counts import count_logs
    from trainer.data.logs import read_logs_leniently, write_logs

    with output.progress() as progress, progress.step("checking the logs") as step:
        logs, rejected = read_logs_leniently(args.logs, args.logs / REJECTED)
        write_logs(args.out, logs)
        counts = count_logs(logs)
        step.update(1, 1, f"{rejected.rows:,} rows set aside")
    output.table(f"{args.out}", ("what", "rows>"), counts.as_rows())
    if rejected.reasons:
        rows = [(reason.file, reason.reason, f"{reason.rows:,}") for reason in rejected.reasons]
        output.table(f"set aside in {rejected.folder}", ("file", "reason", "rows>"), rows)
    reasons = [{"file": reason.file, "reason": reason.reason, "rows": reason.rows} for reason in rejected.reasons]
    output.result(
        {"logs": args.logs, "out": args.out, **counts.as_json(), "rejected": rejected.rows, "reasons": reasons}
    )
    return 0


COMMAND = Command(
    name="check-logs",
    summary="check a log folder, or clean it",
    description="Reads a log folder as the trainer does and names the first row that is wrong by file, row and column. "
    "With --lenient, bad rows are set aside with their reasons, and the others are written to --out.",
    add_arguments=_add_arguments,
    run=_run,
)
