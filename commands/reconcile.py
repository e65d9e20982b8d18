"""`multigrain reconcile`: the indexes that the stream feeds, held against the catalogue; and put right."""

import argparse
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from multigrain.encoder import Encoder
    from streaming.reconcile.report import Reconciled
    from streaming.targets import FedGenerations, Target

DIFFERS = 1


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--generation", default=None, metavar="ID", help="this one; default: all that the stream feeds")
    parser.add_argument("--repair", action="store_true", help="write what is missing or wrong, delete what is too much")
    parser.add_argument("--sample", type=int, default=None, metavar="N", help="vectors to compute again, at most")
    parser.add_argument("--seed", type=int, default=None, help="to sample the same items again")


def _run(args: argparse.Namespace, output: Output) -> int:
    import numpy as np

    from commands.stores import open_engine, open_index_store
    from multigrain.catalog.catalog import SqlCatalogue
    from multigrain.registry.sql import SqlRegistry
    from multigrain.settings_in_force import current_settings
    from streaming.reconcile.reconcile import Plan, reconcile
    from streaming.reconcile.treat import leave, repair
    from streaming.targets import FedGenerations

    settings = current_settings()
    engine = open_engine(settings)
    catalogue, registry = SqlCatalogue(engine), SqlRegistry(engine)
    fed = FedGenerations(registry, cache(lambda: open_index_store(settings)), _load_encoder)
    sample = settings.reconcile.sample if args.sample is None else args.sample
    rng = np.random.default_rng(args.seed)
    found: list[Reconciled] = []
    with output.progress() as progress:
        for target in _targets(fed, args.generation):
            with progress.step(f"reconcile {target.generation_id}") as step:
                plan = Plan(treat=repair if args.repair else leave, sample=sample, rng=rng, seen=step.update)
                found.append(reconcile(target, catalogue, registry, plan))
    _show(output, found)
    return DIFFERS if any(reconciled.left for reconciled in found) else 0


def _targets(fed: "FedGenerations", named: str | None) -> "Sequence[Target]":
    from multigrain.types import GenerationId

    return fed() if named is None else [fed.one(GenerationId(named))]


def _load_encoder(path: Path) -> "Encoder":
    from multigrain.bundle import open_bundle
    from multigrain.encoder import load_encoder

    return load_encoder(open_bundle(path))


def _show(output: Output, found: "Sequence[Reconciled]") -> None:
    for one in found:
        title = f"{one.generation_id}: {one.items:,} items, {one.rows:,} rows, {one.sampled:,} vectors computed again"
        if not one.tallies:
            output.say(f"{title}: no difference")
            continue
        output.table(
            title,
            ("difference", "found>", "left>", "item", "for example"),
            [
                (tally.kind.value, f"{tally.found:,}", f"{tally.left:,}", example.item_id, example.detail)
                if number == 0
                else ("", "", "", example.item_id, example.detail)
                for tally in one.tallies
                for number, example in enumerate(tally.examples)
            ],
        )
    if not found:
        output.say("no generation is fed by the stream: publish one first")
    elif any(one.left for one in found):
        output.say("differences are left: `multigrain reconcile --repair` puts right what it can")
    output.result({"generations": [_as_json(one) for one in found]})


def _as_json(one: "Reconciled") -> dict[str, object]:
    return {
        "generation_id": one.generation_id,
        "items": one.items,
        "rows": one.rows,
        "sampled": one.sampled,
        "found": one.found,
        "left": one.left,
        "differences": [
            {
                "kind": tally.kind.value,
                "found": tally.found,
                "left": tally.left,
                "examples": [
                    {"item_no": example.item_no, "item_id": example.item_id, "detail": example.detail}
                    for example in tally.examples
                ],
            }
            for tally in one.tallies
        ],
    }


COMMAND = Command(
    name="reconcile",
    summary="hold the indexes against the catalogue",
    description="Compares the catalogue with the index of each generation that the stream feeds: which items have "
    "rows, of which version, with which fields, and for a sample with which vector. The stream may run meanwhile: a "
    "difference counts when it is still there while the catalogue is held still. Exit code 1 when one is left. The "
    "stream does the same every reconcile.every_minutes.",
    add_arguments=_add_arguments,
    run=_run,
)
