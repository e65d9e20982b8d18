"""`multigrain teacher`: a model of relevance from judgments, and logs cleaned by it, or labelled for the towers."""

import argparse
import time
from pathlib import Path

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=("train", "clean", "label"), help="train one; clean logs by one; or label them for the towers"
    )
    parser.add_argument("--logs", type=Path, required=True, help="log folder; to train: one with judgments")
    parser.add_argument("--out", type=Path, required=True, help="folder for the teacher, or for the cleaned logs")
    parser.add_argument(
        "--train-config", type=Path, default=None, metavar="FILE", help="train: TOML file (default: what ships)"
    )
    parser.add_argument("--teacher", type=Path, default=None, metavar="DIR", help="clean, label: a trained teacher")
    parser.add_argument("--bundle", type=Path, default=None, metavar="DIR", help="label: whose best items are judged")
    parser.add_argument(
        "--candidates", type=int, default=50, metavar="N", help="label: how many of them for a query (default: 50)"
    )
    parser.add_argument(
        "--above",
        type=float,
        default=None,
        metavar="P",
        help="label: a click for what it gives this chance to be good (default: half-way from its threshold to 1)",
    )
    parser.add_argument(
        "--leave-out-hours",
        type=float,
        default=24.0,
        metavar="H",
        help="label: nothing is added for queries of the last H hours, which are for testing (default: 24)",
    )
    parser.add_argument(
        "--below",
        type=float,
        default=None,
        metavar="P",
        help="clean: drop what the teacher gives less than this chance to be good (default: half its threshold)",
    )


def _run(args: argparse.Namespace, output: Output) -> int:
    return {"train": _train, "clean": _clean, "label": _label}[args.action](args, output)


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

    _check_folders(args)
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


def _label(args: argparse.Namespace, output: Output) -> int:
    from multigrain.bundle import open_bundle
    from multigrain.encoder import load_encoder
    from multigrain.errors import InvalidConfig
    from multigrain.features.windows import HOUR_MS
    from trainer.data.logs import read_logs, write_logs
    from trainer.teacher.labelling import label_logs
    from trainer.teacher.teacher import load_teacher

    _check_folders(args)
    if args.bundle is None:
        raise InvalidConfig("--bundle", "is not given", cure="name the bundle whose best items are to be judged")
    if args.candidates < 1:
        raise InvalidConfig("--candidates", f"is {args.candidates}", cure="judge 1 or more for a query")
    if args.above is not None and not 0 <= args.above <= 1:
        raise InvalidConfig("--above", f"is {args.above}", cure="a chance, from 0 to 1")
    with output.progress() as progress, progress.step("labelling the logs") as step:
        teacher, logs = load_teacher(args.teacher), read_logs(args.logs)
        above = (1 + teacher.threshold) / 2 if args.above is None else args.above
        before_ms = logs.last_ms + 1 - int(args.leave_out_hours * HOUR_MS)
        encoder = load_encoder(open_bundle(args.bundle))
        labelled = label_logs(logs, teacher, encoder, before_ms=before_ms, candidates=args.candidates, above=above)
        write_logs(args.out, labelled.logs)
        step.update(1, 1, f"{labelled.clicks:,} clicks added")
    rows = {"pairs judged": labelled.judged, "searches added": labelled.queries, "clicks added": labelled.clicks}
    title = f"{args.out}: P of {above:.3f} and more by {teacher.teacher_id}"
    output.table(title, ("what", "rows>"), [(what, f"{count:,}") for what, count in rows.items()])
    output.result(
        {
            "out": args.out,
            "teacher_id": teacher.teacher_id,
            "above": above,
            "judged": labelled.judged,
            "searches": labelled.queries,
            "clicks": labelled.clicks,
        }
    )
    return 0


def _check_folders(args: argparse.Namespace) -> None:
    from multigrain.errors import InvalidConfig

    if args.teacher is None:
        raise InvalidConfig("--teacher", "is not given", cure="name the folder of a trained teacher")
    if args.out.resolve() == args.logs.resolve():
        raise InvalidConfig("--out", "is the folder that is read", cure="name another: logs are not overwritten")


COMMAND = Command(
    name="teacher",
    summary="train a relevance model on judgments; clean logs by one, or label them",
    description="train: learns from graded query-item pairs how relevant an item is to a query, and measures itself "
    "once on queries that it never saw, beside BM25: AUC and ordering accuracy, with intervals. clean: writes the logs "
    "again without the clicks, collects and carts from searches that the teacher calls irrelevant; orders stay. label: "
    "writes the logs again with searches and clicks added, of items that the teacher is sure of: towers trained on "
    "them are taught what it knows.",
    add_arguments=_add_arguments,
    run=_run,
)
