"""`multigrain generations`: which generations exist, which one is live, and the switch between them."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from multigrain.registry.generation import Generation


IN_THE_LIST = ("recall@100", "canary_recall")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("list", "show", "promote", "rollback"), help="what to do")
    parser.add_argument("generation", nargs="?", default=None, help="generation id, for show and promote")
    parser.add_argument("--note", default="", help="why; kept with the generation")
    parser.add_argument("--override", default="", metavar="WHY", help="promote although the gate refuses; kept with it")


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.stores import open_registry
    from multigrain.errors import InvalidConfig
    from multigrain.settings import current_settings

    registry = open_registry(current_settings())
    if args.action in ("show", "promote") and args.generation is None:
        raise InvalidConfig("generation", "not given", cure=f"multigrain generations {args.action} GENERATION")
    if args.action == "promote":
        registry.promote(args.generation, note=args.note, override=args.override)
        output.say(f"{args.generation} is live; servers switch to it within their registry_poll_ms")
    elif args.action == "rollback":
        output.say(f"{registry.rollback().generation_id} is live again")
    chosen = [registry.get(args.generation)] if args.action == "show" else registry.list()
    _show(output, chosen, whole=args.action == "show")
    return 0


def _show(output: Output, generations: "Sequence[Generation]", *, whole: bool) -> None:
    output.table(
        "Generations, newest first",
        ("generation", "state", "bundle", "index", "changed (UTC)", "measured", "gate", "note"),
        [
            (
                generation.generation_id,
                generation.state,
                generation.bundle_id,
                str(generation.index_spec.get("kind", "?")),
                datetime.fromtimestamp(generation.changed_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S"),
                _measured(generation, whole=whole),
                _gate(generation),
                generation.note,
            )
            for generation in generations
        ],
    )
    output.result({"generations": [_as_json(generation) for generation in generations]})


def _measured(generation: "Generation", *, whole: bool) -> str:
    """Every score when one generation is looked at, the two that decide in a list."""
    shown = {name: value for name, value in generation.scores.items() if whole or name in IN_THE_LIST}
    return "\n".join(f"{name} {value:.3f}" for name, value in shown.items())


def _gate(generation: "Generation") -> str:
    """What the gate said, and who went past it why."""
    verdict = generation.verdict
    said = "not asked" if verdict is None else "passed" if verdict.passed else "\n".join(verdict.refusals)
    return f"{said}\noverridden: {generation.override}" if generation.override else said


def _as_json(generation: "Generation") -> dict[str, object]:
    return {
        "generation_id": generation.generation_id,
        "state": str(generation.state),
        "bundle_id": generation.bundle_id,
        "bundle_path": generation.bundle_path,
        "collection": generation.collection,
        "index_spec": dict(generation.index_spec),
        "catalogue_revision": generation.catalogue_revision,
        "scores": dict(generation.scores),
        "created_ms": generation.created_ms,
        "changed_ms": generation.changed_ms,
        "note": generation.note,
        "gate": None if generation.verdict is None else asdict(generation.verdict),
        "override": generation.override,
    }


COMMAND = Command(
    name="generations",
    summary="list generations, promote one, roll back",
    description="A generation is a model bundle with the index built from it. Exactly one is live; promote and "
    "rollback are one atomic write each, and running servers follow without a restart.",
    add_arguments=_add_arguments,
    run=_run,
)
