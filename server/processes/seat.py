"""The place of one process among those that share a port: what the supervisor tells it when it starts it."""

import json
from dataclasses import asdict, dataclass
from math import ceil

from multigrain.settings import Settings

KEEPER = 0
"""The number of the process that keeps the catalogue for the others, and answers nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Travels as one argument of the command line; the descriptors are inherited."""

    number: int
    """From 1 on, or KEEPER. Whoever takes the place of a process that ended has its number."""
    processes: int
    host: str
    port: int
    restarts: int
    """How often this number had to be started anew."""
    opens_at_once: bool
    """Whether it listens before it can answer, as a server that is alone does."""
    board: int
    """Descriptor of the board."""
    lifeline: int
    """Descriptor of a pipe that nobody writes to: its end is the end of the supervisor."""
    columns: int
    """Descriptor of the memory in which the catalogue's columns lie."""
    titles: str
    """Folder in which its titles lie."""
    metrics: str | None
    """Folder into which it counts. None: metrics are not served."""

    def to_argument(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_argument(cls, text: str) -> "Seat":
        return cls(**json.loads(text))


def share_of(settings: Settings, seat: Seat) -> Settings:
    """What one process gets of settings that are meant for the whole service, and what only one of them does."""
    server = settings.server
    own = {
        "host": seat.host,
        "port": seat.port,
        "processes": seat.processes,
        "max_concurrent": ceil(server.max_concurrent / seat.processes),
        "client_rate": server.client_rate / seat.processes,
        "client_burst": ceil(server.client_burst / seat.processes),
        # Each look costs searches, and one process sees the same index as all.
        "canary_minutes": server.canary_minutes if seat.number == 1 else 0.0,
    }
    return settings.model_copy(
        update={
            "server": server.model_copy(update=own),
            # The supervisor serves the metrics of all at that port.
            "telemetry": settings.telemetry.model_copy(update={"metrics_port": 0}),
        }
    )
