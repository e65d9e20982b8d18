"""`multigrain slow`: the slowest requests of a running server, and where their time went."""

import argparse
import shlex
from dataclasses import asdict
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output
from commands.request_options import address_of, open_client

if TYPE_CHECKING:
    from multigrain.answers import ChannelReport, SlowRequest, SlowRequests

SHOWN_MS = 1.0
"""Of channels; what took less is left out."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, default=20, help="how many at most, 1 to 1000 (default: 20)")
    parser.add_argument("--address", default=None, help="host:port of the server (default: that of the settings)")
    parser.add_argument("--timeout", type=float, default=5.0, metavar="SECONDS", help="deadline (default: 5)")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.settings_in_force import current_settings

    settings = current_settings()
    with open_client(address_of(args, settings), settings, timeout_seconds=args.timeout) as client:
        found = client.list_slow(args.limit)
    _show(output, found)
    output.result({"threshold_ms": found.threshold_ms, "requests": [_as_json(request) for request in found.requests]})
    return 0


def _show(output: Output, found: "SlowRequests") -> None:
    if not found.threshold_ms:
        output.say("this server keeps no slow requests: server.slow_ms is 0")
        return
    if not found.requests:
        output.say(f"no request of the last minutes took {found.threshold_ms:g} ms")
        return
    output.table(
        f"{len(found.requests)} slowest requests of the last minutes ({found.threshold_ms:g} ms or more)",
        ("UTC", "ms>", "request", "query", "user", "returned", "slowest stage", "channels"),
        [_row(request) for request in found.requests],
        caption=f"one item of the slowest: {_explaining(found.requests[0])}",
    )


def _row(request: "SlowRequest") -> tuple[object, ...]:
    slowest = max(request.stages, key=lambda one: one.milliseconds, default=None)
    channels = [_channel(one) for one in request.reports if one.problem or one.milliseconds >= SHOWN_MS]
    return (
        f"{request.at:%H:%M:%S}",
        f"{request.milliseconds:.1f}",
        request.request_id,
        request.query,
        request.user_id,
        f"{request.returned} of {request.limit}",
        "" if slowest is None else f"{slowest.stage} {slowest.milliseconds:.1f}",
        # Channels that were late or failed say so themselves.
        ", ".join(
            [
                *channels,
                *(reason for reason in request.degraded if not reason.startswith("channel_")),
                *(f"without {demand}" for demand in request.relaxed),
            ]
        ),
    )


def _channel(report: "ChannelReport") -> str:
    """'vector 104.2', or 'vector late'."""
    return f"{report.channel} {report.problem.partition(':')[0] or f'{report.milliseconds:.1f}'}"


def _explaining(request: "SlowRequest") -> str:
    user = f" --user {shlex.quote(request.user_id)}" if request.user_id else ""
    return f"multigrain explain {shlex.quote(request.query)}{user} --limit {request.limit} --item ITEM"


def _as_json(request: "SlowRequest") -> dict[str, object]:
    reports = [
        {
            "channel": one.channel,
            "hits": one.hits,
            "passed": one.passed,
            "milliseconds": one.milliseconds,
            "problem": one.problem,
        }
        for one in request.reports
    ]
    # The reports' columns are empty arrays, which JSON has no word for.
    return {**asdict(request), "reports": reports}


COMMAND = Command(
    name="slow",
    summary="show the slowest requests of a running server",
    description="Lists the slowest requests of the last ten minutes that took server.slow_ms or longer: when, what was "
    "asked, where the time went, what each channel did, and why an answer was smaller. Where the server has tokens, it "
    "needs one with the scope admin.",
    add_arguments=_add_arguments,
    run=_run,
)
