"""The settings -> several processes behind one port, until somebody stops them."""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from multigrain.settings import Settings
from multigrain.settings_in_force import load_settings
from multigrain.telemetry import PROCESS_RESTARTS, start_telemetry
from server.processes.counting import joined
from server.processes.launcher import Plan
from server.processes.possible import refuse_impossible
from server.processes.shared_port import SharedPort
from server.processes.supervisor import Supervisor
from server.security.exposure import warn_if_exposed


def serve_together(settings: Settings, environment: Mapping[str, str]) -> None:
    """For the main thread of a program. `environment`: of which each process reads its settings when it starts.

    Raises InvalidConfig for settings that several processes cannot serve, Unavailable for an address that is taken and
    when a process cannot be kept up.
    """
    refuse_impossible(settings)
    with ExitStack() as held:
        folder = _counting_folder(settings, held)
        titles = held.enter_context(
            tempfile.TemporaryDirectory(prefix="multigrain-titles-", ignore_cleanup_errors=True)
        )
        port = SharedPort(settings.server.host, settings.server.port)
        held.callback(port.close)
        plan = Plan(
            processes=settings.server.processes,
            drain_seconds=settings.server.drain_seconds,
            environment=environment,
            titles=titles,
            metrics=folder,
        )
        warn_if_exposed(settings.server)
        Supervisor(plan, port, check=lambda: load_settings(environment)).run()


def _counting_folder(settings: Settings, held: ExitStack) -> str | None:
    if not settings.telemetry.metrics_port:
        start_telemetry(settings.telemetry)
        return None
    folder = held.enter_context(tempfile.TemporaryDirectory(prefix="multigrain-metrics-"))
    registry = joined(Path(folder))
    # The one thing that is counted here and not by the processes.
    registry.register(PROCESS_RESTARTS)
    start_telemetry(settings.telemetry, registry=registry)
    return folder
