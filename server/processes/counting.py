"""Metrics of all processes at one address: each counts into files of a folder, the supervisor serves their sum.

The files bear the number of a process and not its pid, as is usual: whoever takes the place of a process that ended
counts on where that one stood. So no total ever falls, and no files pile up.
"""

import os
import warnings
from pathlib import Path

from prometheus_client import CollectorRegistry, values
from prometheus_client.multiprocess import MultiProcessCollector

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def count_as(number: int, folder: str) -> None:
    """From here on this process counts into the files of that number. Before `multigrain.telemetry` is imported."""
    os.environ[FOLDER] = folder
    values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]  # no types there
    # What was counted for a generation that is loaded no longer stays in the files, which is no harm.
    warnings.filterwarnings("ignore", message="Removal of labels has not been implemented")


def joined(folder: Path) -> CollectorRegistry:
    """What all processes counted, read anew each time it is asked."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]  # nor here
    return registry
