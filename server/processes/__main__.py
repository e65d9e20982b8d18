"""`python -m server.processes SEAT`: one of the processes. The supervisor starts it; nobody else should."""

import sys

from server.processes.counting import count_as
from server.processes.seat import KEEPER, Seat


def main(argument: str) -> int:
    """Runs until it is told to end."""
    seat = Seat.from_argument(argument)
    if seat.metrics is not None:
        count_as(seat.number, seat.metrics)
    # Only now: the metrics are made when these are imported.
    if seat.number == KEEPER:
        from server.processes.keeper import keep, open_from_settings

        return keep(seat, open_from_settings)
    from server.processes.worker import build_from_settings, work

    return work(seat, build_from_settings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
