"""`multigrain serve`: the gRPC server on the stores that the settings name, in one process or in several."""

import argparse
import os
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from multigrain.settings import Settings


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=None, help="instead of server.port; 0: a free one, printed")
    parser.add_argument(
        "--processes", type=int, default=None, metavar="N", help="instead of server.processes: so many share the port"
    )


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.settings_in_force import load_settings

    told = {"MULTIGRAIN_SERVER_PORT": args.port, "MULTIGRAIN_SERVER_PROCESSES": args.processes}
    environment = {**os.environ, **{name: str(value) for name, value in told.items() if value is not None}}
    settings = load_settings(environment)
    if settings.server.processes > 1:
        _serve_together(settings, environment)
    else:
        _serve_alone(settings)
    return 0


def _serve_alone(settings: "Settings") -> None:
    from multigrain.garbage import spare_what_stays
    from multigrain.saved_towers import import_runtime
    from multigrain.telemetry import start_telemetry
    from server.app import build_server

    start_telemetry(settings.telemetry)
    server = build_server(settings)
    import_runtime()
    spare_what_stays()
    server.run()


def _serve_together(settings: "Settings", environment: dict[str, str]) -> None:
    # No gRPC and no TensorFlow here: this process only looks after the others.
    from server.processes.together import serve_together

    serve_together(settings, environment)


COMMAND = Command(
    name="serve",
    summary="answer Retrieve over gRPC",
    description="Serves the live generation from the stores of the settings, follows promotions and rollbacks without "
    "a restart, and stops gracefully on SIGINT and SIGTERM: NOT_SERVING first, then the drain. With --processes, "
    "several processes share the port; one that ends is replaced, and SIGHUP restarts them one by one.",
    add_arguments=_add_arguments,
    run=_run,
)
