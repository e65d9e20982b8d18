"""`multigrain serve`: the gRPC server on the stores that the settings name."""

import argparse
import os

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=None, help="instead of server.port; 0: a free one, printed")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.garbage import spare_what_stays
    from multigrain.saved_towers import import_runtime
    from multigrain.settings import load_settings
    from multigrain.telemetry import start_telemetry
    from server.app import build_server

    port = {} if args.port is None else {"MULTIGRAIN_SERVER_PORT": str(args.port)}
    settings = load_settings({**os.environ, **port})
    start_telemetry(settings.telemetry)

    server = build_server(settings)
    import_runtime()
    spare_what_stays()
    server.run()
    return 0


COMMAND = Command(
    name="serve",
    summary="answer Retrieve over gRPC",
    description="Serves the live generation from the stores of the settings, follows promotions and rollbacks without "
    "a restart, and stops gracefully on SIGINT and SIGTERM: NOT_SERVING first, then the drain.",
    add_arguments=_add_arguments,
    run=_run,
)
