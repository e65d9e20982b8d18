"""`multigrain generations`: which generations exist, which one is live, and the switch between them."""

import argparse
import time
from collections.abc import Sequence
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


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.stores import open_registry
    from multigrain.errors import InvalidConfig
    from multigrain.settings import current_settings

    registry = open_registry(current_settings(), clock_ms=lambda: time.time_ns() // 1_000_000)
    if args.action in ("show", "promote") and args.generation is None:
        raise InvalidConfig("generation", "not given", cure=f"multigrain generations {args.action} GENERATION")
    if args.action == "promote":
        registry.promote(args.generation, note=args.note)
        output.say(f"{args.generation} is live; servers switch to it within their registry_poll_ms")
    elif args.action == "rollback":
        output.say(f"{registry.rollback().generation_id} is live again")
    chosen = [registry.get(args.generation)] if args.action == "show" else registry.list()
    _show(output, chosen, whole=args.action == "show")
    return 0


def _show(output: Output, generations: "Sequence[Generation]", *, whole: bool) -> None:
    output.table(
        "Generations, newest first",
        ("generation", "state", "bundle", "index", "changed (UTC)", "measured", "note"),
        [
            (
                generation.generation_id,
                generation.state,
                generation.bundle_id,
                str(generation.index_spec.get("kind", "?")),
                datetime.fromtimestamp(generation.changed_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S"),
                _measured(generation, whole=whole),
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
    }


COMMAND = Command(
    name="generations",
    summary="list generations, promote one, roll back",
    description="A generation is a model bundle with the index built from it. Exactly one is live; promote and "
    "rollback are one atomic write each, and running servers follow without a restart.",
    add_arguments=_add_arguments,
    run=_run,
)
