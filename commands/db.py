"""`multigrain db`: the schema of the SQL store, and how much of its raw events is kept."""

import argparse
import time
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    import sqlalchemy as sa


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("upgrade", "downgrade", "check", "trim"), help="what to do")
    parser.add_argument(
        "--to", metavar="REVISION", default=None, help="upgrade: the newest by default; downgrade: one step by default"
    )


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain import database
    from multigrain.settings_in_force import current_settings

    settings = current_settings()
    engine = database.open_database(settings.database_url)
    try:
        if args.action == "trim":
            return _trim(engine, settings.database.keep_events_days, output)
        return _migrate(engine, args, output)
    finally:
        engine.dispose()


def _migrate(engine: "sa.Engine", args: argparse.Namespace, output: Output) -> int:
    from multigrain import database

    if args.action == "upgrade":
        database.upgrade(engine, args.to or "head")
    elif args.action == "downgrade":
        database.downgrade(engine, args.to or "-1")
    state = database.check(engine)
    output.say(f"schema at {state.current or 'nothing'}, newest is {state.newest}")
    output.result({"current": state.current, "newest": state.newest, "up_to_date": state.up_to_date})
    return 0 if state.up_to_date or args.action == "downgrade" else 1


def _trim(engine: "sa.Engine", keep_days: int, output: Output) -> int:
    from multigrain.features.days import DAY_MS
    from multigrain.features.retention import drop_events_before

    dropped = drop_events_before(engine, time.time_ns() // 1_000_000 - keep_days * DAY_MS)
    rows = [(one.day, f"{one.events:,}") for one in dropped]
    if rows:
        output.table("dropped", ("day (UTC)", "events>"), rows)
    output.say(f"{len(dropped)} days dropped, {keep_days} are kept (database.keep_events_days)")
    output.result({"dropped": [{"day": str(one.day), "events": one.events} for one in dropped], "kept_days": keep_days})
    return 0


COMMAND = Command(
    name="db",
    summary="upgrade, downgrade or check the SQL schema; trim old user events",
    description="Brings the SQL store's tables to the version that this program needs, or back. `check` exits 1 when "
    "the schema is not the newest. `trim` drops the raw user events older than database.keep_events_days, by whole "
    "days; what users' states hold of them stays.",
    add_arguments=_add_arguments,
    run=_run,
)
