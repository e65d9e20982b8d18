"""Several serving processes of a test's shop, as `multigrain serve --processes` has them: a program of its own.

`python -m tests.flow.a_supervisor PROCESSES PORT METRICS_PORT`; the log goes to standard error, as JSON.
"""

import os
import sys
import tempfile
from pathlib import Path

from multigrain.errors import MultigrainError
from multigrain.settings import TelemetrySettings
from multigrain.telemetry import PROCESS_RESTARTS, start_telemetry
from server.processes.counting import joined
from server.processes.launcher import Plan
from server.processes.shared_port import SharedPort
from server.processes.supervisor import Supervisor

COMMAND = (sys.executable, "-m", "tests.flow.a_process")


def main(processes: int, port: int, metrics_port: int) -> int:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as titles:
        registry = joined(Path(folder))
        registry.register(PROCESS_RESTARTS)
        start_telemetry(TelemetrySettings(log_format="json", metrics_port=metrics_port), registry=registry)
        plan = Plan(
            processes=processes,
            drain_seconds=1,
            environment=dict(os.environ),
            titles=titles,
            metrics=folder,
            command=COMMAND,
        )
        try:
            Supervisor(plan, SharedPort("127.0.0.1", port)).run()
        except MultigrainError as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:])))
