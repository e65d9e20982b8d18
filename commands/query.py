"""`multigrain query`: asks a running server and shows the answer."""

import argparse
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output
from commands.request_options import add_request_arguments, address_of, open_client, request_options, wait_if_asked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from multigrain.answers import Answer, ChannelReport, Demand
    from multigrain.settings import Settings
    from multigrain.types import Item


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_request_arguments(parser)
    parser.add_argument("--debug", action="store_true", help="also show how long each stage of the server took")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.settings_in_force import current_settings

    settings = current_settings()
    with open_client(address_of(args, settings), settings, timeout_seconds=args.timeout) as client:
        wait_if_asked(args, client)
        started = time.perf_counter()
        answer = client.retrieve(args.query, args.user, **{**request_options(args), "debug": args.debug})
        milliseconds = (time.perf_counter() - started) * 1000
    titles = {} if output.as_json else _titles(answer, settings)
    _show(output, args.query, answer, titles, milliseconds)
    if answer.stages:
        _show_stages(output, answer, milliseconds)
    output.result(
        {
            "request_id": answer.request_id,
            "generation_id": answer.generation_id,
            "milliseconds": milliseconds,
            "candidates": [asdict(row) for row in answer.rows()],
            "judged": answer.judged,
            "dropped": answer.dropped,
            "dropped_by": dict(answer.dropped_by),
            "degraded": list(answer.degraded),
            "demands": [asdict(demand) for demand in answer.demands],
            "relaxed": list(answer.relaxed),
            "channels": [
                {
                    "channel": one.channel,
                    "hits": one.hits,
                    "passed": one.passed,
                    "milliseconds": one.milliseconds,
                    "problem": one.problem,
                }
                for one in answer.reports
            ],
            "stages": [asdict(stage) for stage in answer.stages],
        }
    )
    return 0


def _show(output: Output, query: str, answer: "Answer", titles: "Mapping[str, Item]", milliseconds: float) -> None:
    rows = []
    for row in answer.rows():
        item = titles.get(row.item_id)
        known = (item.title, item.brand, f"{item.price:,.2f}") if item else ("", "", "")
        rows.append((row.rank, row.item_id, *known, "+".join(row.channels), row.verdict, f"{row.score:.4f}"))
    dropped = ", ".join(f"{count:,} by {verdict}" for verdict, count in answer.dropped_by.items())
    lines = [
        f"demands: {'; '.join(_demand(demand) for demand in answer.demands) or 'none'}",
        *([f"given up: {', '.join(answer.relaxed)}"] if answer.relaxed else []),
        f"dropped: {dropped or 'none'}",
        f"channels: {'; '.join(_channel(report) for report in answer.reports)}",
        *([f"degraded: {', '.join(answer.degraded)}"] if answer.degraded else []),
    ]
    output.table(
        f"{query}: {len(answer)} of {answer.judged} judged, {answer.generation_id}, {milliseconds:.1f} ms",
        ("rank>", "item", "title", "brand", "price>", "channels", "verdict", "score>"),
        rows,
        caption="\n".join(lines),
    )


def _demand(demand: "Demand") -> str:
    """'colour red (titles, 0.97)'."""
    return f"{demand} ({demand.source}, {demand.confidence:.2f})"


def _channel(report: "ChannelReport") -> str:
    """'vector 1,000 hits, 702 passed in 8.4 ms'."""
    told = f"{report.channel} {report.hits:,} hits, {report.passed:,} passed in {report.milliseconds:.1f} ms"
    return f"{told}, {report.problem}" if report.problem else told


def _show_stages(output: Output, answer: "Answer", milliseconds: float) -> None:
    rows = [(one.stage, f"{one.milliseconds:.2f}") for one in answer.stages]
    elsewhere = milliseconds - sum(one.milliseconds for one in answer.stages)
    rows.append(("wire and client", f"{elsewhere:.2f}"))
    output.table(f"stages of {answer.request_id}", ("stage", "milliseconds>"), rows)


def _titles(answer: "Answer", settings: "Settings") -> "Mapping[str, Item]":
    """Titles for people, from the catalogue that the settings name; without it the ids alone are shown."""
    from multigrain import database
    from multigrain.catalog.catalog import SqlCatalogue
    from multigrain.errors import MultigrainError
    from multigrain.types import ItemId

    try:
        catalogue = SqlCatalogue(database.open_database(settings.database_url))
        stored = catalogue.get([ItemId(str(item_id)) for item_id in answer.item_ids])
    except MultigrainError:
        return {}
    return {item_id: found.item for item_id, found in stored.items()}


COMMAND = Command(
    name="query",
    summary="ask a running server",
    description="Sends one Retrieve and prints the candidates with titles, channels, verdicts and timings, what the "
    "query was understood to demand, and what relevance control dropped.",
    add_arguments=_add_arguments,
    run=_run,
)
