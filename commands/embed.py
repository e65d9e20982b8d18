"""`multigrain embed`: the vectors of a whole catalogue, before a build, here or on a Spark cluster."""

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from trainer.publish.embedding.engine import Embed

ENGINES = ("local", "spark")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, help="bundle folder, or work folder of `multigrain train`")
    parser.add_argument("--out", type=Path, required=True, help="folder for the vectors; all machines must see it")
    parser.add_argument("--engine", choices=ENGINES, default="local", help="what encodes (default: local)")
    parser.add_argument("--spark-master", default="local[*]", help="with --engine spark (default: local[*])")


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.reporting import reporter_on
    from commands.stores import open_engine
    from multigrain.bundle import open_bundle
    from multigrain.catalog.catalog import SqlCatalogue
    from multigrain.settings_in_force import current_settings
    from trainer.flow import find_candidate
    from trainer.publish.embedding.embed import embed_catalogue

    is_work = (args.bundle / "export").is_dir()
    bundle = find_candidate(args.bundle).bundle if is_work else open_bundle(args.bundle)
    catalogue = SqlCatalogue(open_engine(current_settings()))
    started = time.monotonic()
    with output.progress() as progress, reporter_on(progress) as reporter, _engine(args) as embed:
        items = embed_catalogue(catalogue, bundle, args.out, embed, reporter=reporter, clock=time.monotonic)
    seconds = time.monotonic() - started
    output.say(f"{args.out}: {items:,} vectors of {bundle.manifest.dims} dims in {seconds:,.1f} s")
    output.say(f"next: multigrain publish WORK --embedded {args.out}")
    output.result({"out": args.out, "items": items, "bundle_id": bundle.bundle_id, "seconds": seconds})
    return 0


@contextmanager
def _engine(args: argparse.Namespace) -> "Iterator[Embed]":
    from tempfile import TemporaryDirectory

    from trainer.data.joining.engines.spark import open_spark
    from trainer.publish.embedding.engine import in_this_process, on_spark

    if args.engine == "local":
        yield in_this_process
        return
    with TemporaryDirectory() as scratch, open_spark(Path(scratch), master=args.spark_master) as spark:
        yield on_spark(spark.session)


COMMAND = Command(
    name="embed",
    summary="encode the whole catalogue before a build, here or on Spark",
    description="Writes what the item tower reads of each item as Parquet, and runs the bundle's item tower over it. "
    "`publish --embedded` takes these vectors and encodes only what has changed since.",
    add_arguments=_add_arguments,
    run=_run,
)
