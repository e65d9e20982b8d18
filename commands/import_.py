"""`multigrain import`: a public data set -> logs."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from trainer.data.importers.importer import Importer

SETS = (
    ("home-depot", "query-product pairs graded by people (Home Depot)"),
    ("bestbuy", "typed queries and clicks on 437 games, with users and times (Best Buy)"),
    ("amazon-beauty", "purchases in order, queries made of category terms (Amazon Beauty)"),
    ("jdsearch", "search sessions with candidates, labels and a year of history, anonymised (JDsearch)"),
    ("wands", "furniture and query-product pairs labelled by people (Wayfair WANDS)"),
    ("esci", "shopping queries with labelled products, by locale (Amazon ESCI)"),
)
OPTIONS = ("distractors", "locale", "judged_as")
LOCALES = ("us", "es", "jp")
JUDGED_AS = ("judgments", "searches")
"""All four as in trainer/data/importers, which is not imported here because it loads pyarrow; a test compares them."""

HELP_COLUMNS = 100


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    # The lines of the sets stay as they are; the description has to be broken by hand then.
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = fill(COMMAND.description, HELP_COLUMNS)
    parser.epilog = "sets:\n" + "\n".join(f"  {name:15}{summary}" for name, summary in SETS)
    parser.add_argument("name", metavar="NAME", choices=[name for name, _ in SETS], help="one of the sets below")
    parser.add_argument(
        "--from", dest="folder", type=Path, metavar="DIR", required=True, help="folder with the set's own files"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="folder for the log files")
    parser.add_argument("--distractors", type=Path, metavar="DIR", help="bestbuy: a catalogue that joins the items")
    parser.add_argument("--locale", choices=LOCALES, help="esci: which locale (default: us)")
    parser.add_argument(
        "--judged-as",
        choices=JUDGED_AS,
        help="home-depot: searches: with searches and clicks made of the judged queries, split by hash over three days "
        "(default: judgments, alone)",
    )


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.log_counts import count_logs
    from multigrain.errors import InvalidConfig
    from trainer.data.importers.importer import Source
    from trainer.data.importers.importers import IMPORTERS
    from trainer.data.logs import read_logs, write_logs

    importer = next(importer for importer in IMPORTERS if importer.name == args.name)
    given = {name: getattr(args, name) for name in OPTIONS if getattr(args, name) is not None}
    _refuse_unheeded(importer, given)
    if args.out.resolve() == args.folder.resolve():
        raise InvalidConfig("--out", "is the folder of the set", cure="name another: its files are not overwritten")
    with output.progress() as progress:
        with progress.step(f"reading {args.name}") as step:
            imported = importer.run(Source(folder=args.folder, **given))
            step.update(1, 1, f"{len(imported.logs.catalog):,} items")
        with progress.step("writing and checking the logs") as step:
            write_logs(args.out, imported.logs)
            counts = count_logs(read_logs(args.out))
            step.update(1, 1)
    remarks = {remark.what: remark.rows for remark in imported.remarks}
    remarked = [(what, f"{rows:,}") for what, rows in remarks.items()]
    output.table(f"{args.name} in {args.out}", ("what", "rows>"), [*counts.as_rows(), *remarked])
    output.result({"name": args.name, "out": args.out, **counts.as_json(), "remarks": remarks})
    return 0


def _refuse_unheeded(importer: "Importer", given: Iterable[str]) -> None:
    """An option that has no effect would let the user believe that it had."""
    from multigrain.errors import InvalidConfig

    for name in given:
        if name not in importer.options:
            raise InvalidConfig(
                f"--{name.replace('_', '-')}", f"{importer.name} has no use for it", cure="leave it out"
            )


COMMAND = Command(
    name="import",
    summary="turn a public data set into logs",
    description="Reads a public data set in its own layout and writes the log layout of docs/data.md, which is read "
    "again and checked. What a set lacks (times, prices, what was shown) gets a stand-in that docs/data.md names.",
    add_arguments=_add_arguments,
    run=_run,
)
