"""`multigrain db`: the schema of the SQL store."""

import argparse

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("upgrade", "downgrade", "check"), help="what to do with the schema")
    parser.add_argument(
        "--to", metavar="REVISION", default=None, help="upgrade: the newest by default; downgrade: one step by default"
    )


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain import database
    from multigrain.settings import current_settings

    engine = database.open_database(current_settings().database_url)
    if args.action == "upgrade":
        database.upgrade(engine, args.to or "head")
    elif args.action == "downgrade":
        database.downgrade(engine, args.to or "-1")
    state = database.check(engine)
    output.say(f"schema at {state.current or 'nothing'}, newest is {state.newest}")
    output.result({"current": state.current, "newest": state.newest, "up_to_date": state.up_to_date})
    return 0 if state.up_to_date or args.action == "downgrade" else 1


COMMAND = Command(
    name="db",
    summary="upgrade, downgrade or check the SQL schema",
    description="Brings the SQL store's tables to the version that this program needs, or back. `check` exits 1 when "
    "the schema is not the newest.",
    add_arguments=_add_arguments,
    run=_run,
)
