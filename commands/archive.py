"""`multigrain archive`: what was streamed, as logs to train on."""

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from multigrain.settings import Settings
    from streaming.archive.contents import FiledTable
    from streaming.archive.staging import Waiting


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=tuple(ACTIONS), help="what to do")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.settings_in_force import current_settings

    ACTIONS[args.action](output, current_settings())
    return 0


def _roll(output: Output, settings: "Settings") -> None:
    from commands.stores import open_engine
    from multigrain.catalog.catalog import SqlCatalogue
    from multigrain.registry.sql import wall_clock_ms
    from streaming.archive.catalogue import snapshot_catalogue
    from streaming.archive.chore import archive_folder, limits_of
    from streaming.archive.roll import roll_all
    from streaming.archive.staging import Staging

    folder, engine = archive_folder(settings.archive), open_engine(settings)
    rolls = sum(1 for _ in roll_all(Staging(engine), folder, limits_of(settings.archive), wall_clock_ms()))
    items = snapshot_catalogue(SqlCatalogue(engine), folder, wall_clock_ms())
    output.say(f"{rolls} rolls and a catalogue of {items:,} items to {folder}")
    output.result({"folder": str(folder), "rolls": rolls, "items": items})


def _status(output: Output, settings: "Settings") -> None:
    from commands.stores import open_engine
    from multigrain.registry.sql import wall_clock_ms
    from streaming.archive.chore import archive_folder
    from streaming.archive.contents import filed
    from streaming.archive.layout import TABLES
    from streaming.archive.staging import Staging

    folder, waiting = archive_folder(settings.archive), Staging(open_engine(settings)).waiting()
    oldest_minutes = 0.0 if waiting.oldest_ms is None else (wall_clock_ms() - waiting.oldest_ms) / 60_000
    tables = [filed(folder, table) for table in TABLES]
    rows = [(one.table.name, f"{one.files:,}", f"{one.rows:,}", _megabytes(one.size_bytes)) for one in tables]
    output.table(f"Files in {folder}", ("table", "files>", "rows>", "MB>"), rows)
    output.say(
        f"staged in SQL: {waiting.rows:,} rows in {waiting.batches:,} batches, {_megabytes(waiting.size_bytes)} MB, "
        f"the oldest for {oldest_minutes:,.0f} minutes"
    )
    if waiting.taken_ms is not None:
        output.say("a roll is unfinished: somebody is at work on it, or the next roll finishes it")
    output.result({"folder": str(folder), "staged": _staged(waiting, oldest_minutes), "tables": _filed(tables)})


def _staged(waiting: "Waiting", oldest_minutes: float) -> dict[str, object]:
    return {
        "batches": waiting.batches,
        "rows": waiting.rows,
        "size_bytes": waiting.size_bytes,
        "oldest_minutes": oldest_minutes,
        "roll_unfinished": waiting.taken_ms is not None,
    }


def _filed(tables: "Sequence[FiledTable]") -> list[dict[str, object]]:
    return [
        {"table": one.table.name, "files": one.files, "rows": one.rows, "size_bytes": one.size_bytes} for one in tables
    ]


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 2**20:,.1f}"


ACTIONS: dict[str, Callable[[Output, "Settings"], None]] = {"roll": _roll, "status": _status}

COMMAND = Command(
    name="archive",
    summary="make files of what was streamed, for training; see what waits",
    description="With archive.dir set, the stream keeps searches, what was shown, and what users did, each exactly "
    "once: staged in SQL with its batch, and rolled into part files of a log folder from time to time. `roll` does so "
    "now, with all that is staged, and writes the catalogue beside it: then the folder can be trained on. `status` "
    "shows what waits and what is there.",
    add_arguments=_add_arguments,
    run=_run,
)
