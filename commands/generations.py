"""`multigrain generations`: which generations exist, which one is live, and the steps between their states."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from multigrain.registry.sql import SqlRegistry
    from multigrain.settings import Settings

NAMED = {"show": 1, "promote": 1, "retire": 1, "diff": 2}
"""How many generations an action must be given; the others take none."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=tuple(ACTIONS), help="what to do")
    parser.add_argument("generation", nargs="*", default=[], help="generation id; two for diff")
    parser.add_argument("--note", default="", help="why; kept with the generation")
    parser.add_argument("--override", default="", metavar="WHY", help="promote although the gate refuses; kept with it")


def _run(args: argparse.Namespace, output: Output) -> int:
    from commands.stores import open_registry
    from multigrain.errors import InvalidConfig
    from multigrain.settings_in_force import current_settings

    wanted = NAMED.get(args.action, 0)
    if len(args.generation) != wanted:
        usage = " ".join(["multigrain generations", args.action, *["GENERATION"] * wanted])
        raise InvalidConfig("generation", f"{len(args.generation)} were given, {wanted} needed", cure=usage)
    settings = current_settings()
    ACTIONS[args.action](args, output, settings, open_registry(settings))
    return 0


def _list(args: argparse.Namespace, output: Output, settings: "Settings", registry: "SqlRegistry") -> None:
    from commands.generation_tables import show

    show(output, registry.list(), whole=False)


def _show(args: argparse.Namespace, output: Output, settings: "Settings", registry: "SqlRegistry") -> None:
    from commands.generation_tables import show

    show(output, [registry.get(args.generation[0])], whole=True)


def _promote(args: argparse.Namespace, output: Output, settings: "Settings", registry: "SqlRegistry") -> None:
    from commands.switching import promote

    promote(args.generation[0], settings, registry, output, note=args.note, override=args.override)
    _list(args, output, settings, registry)


def _rollback(args: argparse.Namespace, output: Output, settings: "Settings", registry: "SqlRegistry") -> None:
    output.say(f"{registry.rollback(note=args.note).generation_id} is live again")
    _list(args, output, settings, registry)


def _retire(args: argparse.Namespace, output: Output, settings: "Settings", registry: "SqlRegistry") -> None:
    registry.retire(args.generation[0], note=args.note)
    output.say(f"{args.generation[0]} is retired; `multigrain generations tidy` drops what is kept no longer")
    _list(args, output, settings, registry)


def _diff(args: argparse.Namespace, output: Output, settings: "Settings", registry: "SqlRegistry") -> None:
    from commands.generation_diff import differences

    first, second = (registry.get(name) for name in args.generation)
    rows = differences(first, second)
    if rows:
        output.table("What differs", ("what", first.generation_id, second.generation_id), rows)
    else:
        output.say(f"{first.generation_id} and {second.generation_id} agree in everything")
    output.result({"differences": [{"what": what, "first": one, "second": other} for what, one, other in rows]})


def _tidy(args: argparse.Namespace, output: Output, settings: "Settings", registry: "SqlRegistry") -> None:
    from commands.stores import open_index_store
    from commands.switching import tidy_up

    tidy_up(settings, registry, lambda: open_index_store(settings), output)
    _list(args, output, settings, registry)


Action = Callable[[argparse.Namespace, Output, "Settings", "SqlRegistry"], None]

ACTIONS: dict[str, Action] = {
    "list": _list,
    "show": _show,
    "promote": _promote,
    "rollback": _rollback,
    "retire": _retire,
    "diff": _diff,
    "tidy": _tidy,
}

COMMAND = Command(
    name="generations",
    summary="list generations, compare, promote, roll back, retire",
    description="A generation is a model bundle with the index built from it. Exactly one is live; promote and "
    "rollback are one atomic write each, and running servers follow without a restart. Before a promotion the canary "
    "asks the index. Retired generations beyond generation.keep_retired lose their indexes (tidy, also after each "
    "promotion).",
    add_arguments=_add_arguments,
    run=_run,
)
