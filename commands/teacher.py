"""`multigrain teacher`: a model of relevance from judgments, and logs cleaned by it."""

import argparse
import time
from pathlib import Path

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("train", "clean"), help="train one, or clean logs by one")
    parser.add_argument("--logs", type=Path, required=True, help="log folder; to train: one with judgments")
    parser.add_argument("--out", type=Path, required=True, help="folder for the teacher, or for the cleaned logs")
    parser.add_argument(
        "--train-config", type=Path, default=None, metavar="FILE", help="train: TOML file (default: what ships)"
    )
    parser.add_argument("--teacher", type=Path, default=None, metavar="DIR", help="clean: a trained teacher")
    parser.add_argument(
        "--below",
        type=float,
        default=None,
        metavar="P",
        help="clean: drop what the teacher gives less than this chance to be good (default: half its threshold)",
    )


def _run(args: argparse.Namespace, output: Output) -> int:
    return _train(args, output) if args.action == "train" else _clean(args, output)


def _train(args: argparse.Namespace, output: Output) -> int:
    from commands.reporting import reporter_on
    from multigrain.figures import Figure
    from trainer.teacher.config import load_teacher_config
    from trainer.teacher.flow import train_teacher

    config = load_teacher_config(args.train_config)
    with output.progress() as progress, reporter_on(progress) as reporter:
        teacher = train_teacher(args.logs, args.out, config, reporter=reporter, clock=time.monotonic)
    manifest = teacher.manifest
    rows = [(part, f"{manifest.queries[part]:,}", f"{pairs:,}") for part, pairs in manifest.pairs.items()]
    output.table(f"{teacher.teacher_id}: {args.out}", ("part", "queries>", "judged pairs>"), rows)
    output.figures(
        "held-out queries; spread: 95 % interval over them",
        [
            Figure(name=figure.name, value=figure.value, unit="", spread=(figure.low, figure.high))
            for figure in manifest.figures
        ],
        teacher=args.out,
        teacher_id=teacher.teacher_id,
        threshold=teacher.threshold,
        pairs=manifest.pairs,
        queries=manifest.queries,
        labels_sha256=manifest.labels_sha256,
    )
    return 0


def _clean(args: argparse.Namespace, output: Output) -> int:
    from multigrain.errors import InvalidConfig
    from trainer.data.logs import read_logs, write_logs
    from trainer.teacher.cleaning import clean_logs
    from trainer.teacher.teacher import load_teacher

    if args.teacher is None:
        raise InvalidConfig("--teacher", "is not given", cure="name the folder of a trained teacher")
    if args.out.resolve() == args.logs.resolve():
        raise InvalidConfig("--out", "is the folder that is cleaned", cure="name another: logs are not overwritten")
    if args.below is not None and not 0 <= args.below <= 1:
        raise InvalidConfig("--below", f"is {args.below}", cure="a chance, from 0 to 1")
    with output.progress() as progress, progress.step("cleaning the logs") as step:
        teacher = load_teacher(args.teacher)
        # What it merely doubts stays: below the threshold itself lie many pairs that people call good.
        below = teacher.threshold / 2 if args.below is None else args.below
        cleaned = clean_logs(read_logs(args.logs), teacher, below=below)
        write_logs(args.out, cleaned.logs)
        step.update(1, 1, f"{sum(count for _, count in cleaned.dropped):,} events dropped")
    rows = [
        ("events kept", f"{len(cleaned.logs.events):,}"),
        ("events from searches, judged", f"{cleaned.judged:,}"),
        *((f"dropped: {action}", f"{count:,}") for action, count in cleaned.dropped),
        ("orders kept against its opinion", f"{cleaned.orders_kept:,}"),
    ]
    output.table(f"{args.out}: P below {below:.3f} by {teacher.teacher_id}", ("what", "events>"), rows)
    output.result(
        {
            "out": args.out,
            "teacher_id": teacher.teacher_id,
            "below": below,
            "events": len(cleaned.logs.events),
            "judged": cleaned.judged,
            "dropped": dict(cleaned.dropped),
            "orders_kept": cleaned.orders_kept,
        }
    )
    return 0


COMMAND = Command(
    name="teacher",
    summary="train a relevance model on judgments, or clean logs by one",
    description="train: learns from graded query-item pairs how relevant an item is to a query, and measures itself "
    "once on queries that it never saw, beside BM25: AUC and ordering accuracy, with intervals. clean: writes the logs "
    "again without the clicks, collects and carts from searches that the teacher calls irrelevant; orders stay.",
    add_arguments=_add_arguments,
    run=_run,
)
