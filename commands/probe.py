"""`multigrain probe`: how long from a producer to an answer, measured from outside. Once, or again and again."""

import argparse
import time
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output
from commands.request_options import address_of, open_client

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streaming.probe import Seen

LATE = 1


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--every", type=float, default=None, metavar="SECONDS", help="look again and again, for ever")
    parser.add_argument("--count", type=int, default=1, help="looks without --every (default: 1)")
    parser.add_argument("--address", default=None, help="host:port of the server (default: that of the settings)")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.errors import InvalidConfig
    from multigrain.registry.sql import wall_clock_ms
    from multigrain.settings_in_force import current_settings
    from multigrain.telemetry import start_telemetry
    from streaming.probe import Probe
    from streaming.sender import Sender

    settings = current_settings()
    if settings.kafka.bootstrap is None:
        raise InvalidConfig("kafka.bootstrap", "is not set", cure="set it to host:port: a probe starts at the broker")
    start_telemetry(settings.telemetry)
    with (
        Sender(settings.kafka.bootstrap, settings.kafka) as sender,
        open_client(address_of(args, settings), settings) as client,
    ):
        probe = Probe(send=sender.send, ask=client.retrieve, clock_ms=wall_clock_ms)
        if args.every is None:
            return _show(output, [seen for _ in range(args.count) for seen in probe.look()])
        while True:
            for seen in probe.look():
                output.say(f"{seen.what:<9} {_milliseconds(seen)}")
            time.sleep(args.every)


def _show(output: Output, seen: "Sequence[Seen]") -> int:
    from multigrain.figures import Figure

    figures = []
    for what in dict.fromkeys(one.what for one in seen):
        took = [one.seconds * 1e3 for one in seen if one.what == what and one.seconds is not None]
        if took:
            figures.append(Figure.of(f"{what}, from the producer to an answer", took, "ms"))
    late = [one.what for one in seen if one.seconds is None]
    output.figures("Probe: changes on their way to an answer", figures, late=late)
    if late:
        output.say(f"not seen in time: {', '.join(late)}. See that `multigrain stream` runs, and its lag")
    return LATE if late else 0


def _milliseconds(seen: "Seen") -> str:
    return "not seen in time" if seen.seconds is None else f"{seen.seconds * 1e3:,.0f} ms"


COMMAND = Command(
    name="probe",
    summary="measure how long an event takes to show in an answer",
    description="Sends a click and an item of its own to the broker and asks the server until the answer shows them: "
    "every part in between is measured, as a shop sees it. With --every it goes on for ever and serves the times as "
    "metrics. Exit code 1 when something was not seen within 30 seconds.",
    add_arguments=_add_arguments,
    run=_run,
)
