"""`multigrain demo`: the whole system on this machine, with nothing installed but Python."""

import argparse
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from multigrain.settings import Settings

FOLDER = Path("multigrain-data/demo")
MARK = "multigrain-demo"
"""A file in the demo's folder: a folder without it was not made by us, and is not removed."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--serve", action="store_true", help="leave the server running afterwards, until Ctrl-C")
    parser.add_argument("--dir", type=Path, default=FOLDER, help=f"where everything is kept (default: {FOLDER})")
    parser.add_argument("--items", type=int, default=4000, help="size of the catalogue (default: 4000)")
    parser.add_argument("--users", type=int, default=600, help="how many users (default: 600)")
    parser.add_argument("--days", type=int, default=14, help="days of history (default: 14)")
    parser.add_argument("--seed", type=int, default=7, help="another seed, another shop (default: 7)")
    parser.add_argument("--train-config", default="demo", help="a shipped training config or a TOML file")
    parser.add_argument("--port", type=int, default=0, help="port of the server (default: a free one)")


def _run(args: argparse.Namespace, output: Output) -> int:
    started = time.monotonic()
    _make_folder(args.dir)
    settings = _settings(args)
    from commands.demonstration.story import Plan, played
    from multigrain.telemetry import start_telemetry

    start_telemetry(settings.telemetry)
    script = Plan(
        folder=args.dir,
        items=args.items,
        users=args.users,
        days=args.days,
        seed=args.seed,
        train_config=args.train_config,
    )
    with played(script, settings, output) as (shop, figures):
        seconds = time.monotonic() - started
        _say_what_next(output, args.dir, seconds)
        output.result({"seconds": seconds, "figures": [figure.as_json() for figure in figures]})
        if args.serve:
            _wait(output, shop.server.address)
    missed = [figure.name for figure in figures if figure.holds is False]
    if missed:
        output.say(f"MISSED: {', '.join(missed)}")
    return 1 if missed else 0


def _make_folder(folder: Path) -> None:
    """An empty folder; one that an earlier demo made is emptied."""
    from multigrain.errors import InvalidConfig

    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        cure = "name a folder that is empty or does not exist"
        raise InvalidConfig("--dir", f"{folder} holds other files, and the demo would remove them", cure=cure)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("made by `multigrain demo`; removed by the next one\n", encoding="utf-8")


def _settings(args: argparse.Namespace) -> "Settings":
    """Embedded stores in the demo's folder, whatever else is configured: a demo must not write to a real store."""
    from multigrain.settings_in_force import load_settings

    return load_settings(
        {
            "MULTIGRAIN_DATA_DIR": str(args.dir),
            "MULTIGRAIN_SERVER_PORT": str(args.port),
            "MULTIGRAIN_SERVER_REGISTRY_POLL_MS": "50",
            "MULTIGRAIN_KAFKA_BATCH_MS": "20",
            "MULTIGRAIN_TELEMETRY_LOG_LEVEL": "WARNING",
        }
    )


def _say_what_next(output: Output, folder: Path, seconds: float) -> None:
    output.say(
        f"That was all of it, in {seconds:.0f} seconds. What to try next:\n"
        f"  multigrain demo --serve                 the same, and the server stays\n"
        f"  multigrain bundle inspect {folder}/training-first/export/bundle\n"
        f"                                          what was trained\n"
        f"  multigrain doctor                       what a real stack needs on this machine\n"
        f"  make up                                 a real Milvus, Kafka and PostgreSQL, without Docker\n"
        f"  README.md                               your own catalogue in ten steps"
    )


def _wait(output: Output, address: str) -> None:
    import signal

    output.say(f"\nServing on {address} until Ctrl-C; in another terminal:")
    output.say(f"  multigrain query 'running shoes' --user user-00001 --address {address}")
    signal.sigwait({signal.SIGINT, signal.SIGTERM})


COMMAND = Command(
    name="demo",
    summary="show the whole system on this machine, embedded parts only",
    description="Simulates a shop, trains a small model for about a minute, builds two generations, streams events, "
    "serves over gRPC, and shows what comes of it. Needs no server, no Docker and no account; at most four minutes "
    "on two cores. --serve leaves the server running.",
    add_arguments=_add_arguments,
    run=_run,
)
