"""`python -m server.processes SEAT`: one of the processes. The supervisor starts it; nobody else should.

What is measured and served is imported only where it is needed: the metrics are made by the first import that has any,
and must know by then where to count; and the keeper needs neither gRPC nor TensorFlow.
"""

import sys
from typing import TYPE_CHECKING

from server.processes.counting import count_as
from server.processes.seat import KEEPER, Seat

if TYPE_CHECKING:
    from multigrain.catalog.catalog import SqlCatalogue
    from server.lifecycle import Server
    from server.processes.keeper import Open
    from server.processes.worker import Build
    from server.status import Fellows


def run(argument: str, open_catalogue: "Open", build: "Build") -> int:
    """Runs the process of this seat until it is told to end; returns its exit code. Both import what they need."""
    seat = Seat.from_argument(argument)
    if seat.metrics is not None:
        count_as(seat.number, seat.metrics)
    if seat.number == KEEPER:
        from server.processes.keeper import keep

        return keep(seat, open_catalogue)
    from server.processes.worker import work

    return work(seat, build)


def _open_catalogue(seat: Seat) -> "tuple[SqlCatalogue, float]":
    from server.processes.keeper import open_from_settings

    return open_from_settings(seat)


def _build(seat: Seat, fellows: "Fellows") -> "Server":
    from server.processes.worker import build_from_settings

    return build_from_settings(seat, fellows)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], _open_catalogue, _build))
