"""`multigrain evaluate`: a bundle against held-out searches, by exact search."""

import argparse
from dataclasses import asdict
from pathlib import Path

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, help="bundle folder")
    parser.add_argument("--logs", type=Path, required=True, help="log folder with the catalogue to search")
    parser.add_argument("--examples", type=Path, required=True, help="folder of examples; its test part is used")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.bundle import open_bundle
    from multigrain.encoder import load_encoder
    from multigrain.figures import Figure
    from trainer.data.example_rows import read_examples
    from trainer.data.examples import read_manifest
    from trainer.data.logs import items_of, read_logs
    from trainer.data.vocabularies import clicks_by_item
    from trainer.evaluation.evaluate import evaluate

    with output.progress() as progress, progress.step("evaluating, exact search over every item") as step:
        import numpy as np

        logs = read_logs(args.logs)
        items = list(items_of(logs))
        clicks = np.array(clicks_by_item(logs, items, before_ms=read_manifest(args.examples).test_from_ms), np.int64)
        encoder = load_encoder(open_bundle(args.bundle))
        report = evaluate(encoder, list(read_examples(args.examples, "test")), items, clicks)
        step.update(1, 1, f"{report.queries:,} searches")
    title = f"{report.bundle_id}: {report.queries:,} test searches over {report.items:,} items"
    figures = [Figure(name=name, value=value, unit="") for name, value in report.scores.items()]
    output.table(
        "what is added to recall@100, with a 95 % interval over the searches",
        ("of the history>", "gain>", "interval>", "searches>"),
        [
            (name, f"{gain.mean:+.3f}", f"{gain.low:+.3f} .. {gain.high:+.3f}", f"{gain.queries:,}")
            for name, gain in report.gains.items()
        ],
        caption="history: all of it, over all searches; a window: over the searches that only it could help",
    )
    output.figures(
        title,
        figures,
        bundle_id=report.bundle_id,
        queries=report.queries,
        items=report.items,
        gains={name: asdict(gain) for name, gain in report.gains.items()},
    )
    return 0


COMMAND = Command(
    name="evaluate",
    summary="measure a bundle by exact search over every item",
    description="Recall of clicked items on the held-out last hours, never approximate and never on a sample of the "
    "items, beside the same model without history and beside plain popularity; and what the history and each of its "
    "windows adds, with an interval over the searches.",
    add_arguments=_add_arguments,
    run=_run,
)
