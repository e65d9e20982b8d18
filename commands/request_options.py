"""The options of commands that ask a running server."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multigrain.client import Client, Options
    from multigrain.settings import Settings


def add_request_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", help="as a user would type it")
    parser.add_argument("--user", default="", help="user id; without it: not personalised")
    parser.add_argument("--limit", type=int, default=20, help="how many candidates (default: 20)")
    parser.add_argument(
        "--mode", default="fill", choices=("fill", "strict", "demote", "off"), help="relevance control (default: fill)"
    )
    parser.add_argument(
        "--channel", action="append", default=[], choices=("vector", "lexical"), help="ask only these (default: all)"
    )
    parser.add_argument("--brand", action="append", default=[], help="only these brands")
    parser.add_argument("--category", action="append", default=[], help="only these categories, on any level")
    parser.add_argument("--generation", default="", help="another generation than the live one, where allowed")
    parser.add_argument("--address", default=None, help="host:port of the server (default: that of the settings)")
    parser.add_argument(
        "--wait", type=float, default=0.0, metavar="SECONDS", help="wait so long for a server that is still starting"
    )
    parser.add_argument("--timeout", type=float, default=5.0, metavar="SECONDS", help="deadline (default: 5)")


def wait_if_asked(args: argparse.Namespace, client: "Client") -> None:
    """Returns when the server serves, or at once without --wait."""
    if args.wait > 0:
        client.wait_until_serving(args.wait)


def request_options(args: argparse.Namespace) -> "Options":
    """What the client is told."""
    return {
        "limit": args.limit,
        "mode": args.mode,
        "channels": dict.fromkeys(args.channel, 0),
        "brands": tuple(args.brand),
        "categories": tuple(args.category),
        "generation_id": args.generation,
    }


def address_of(args: argparse.Namespace, settings: "Settings") -> str:
    return args.address or f"{settings.server.host}:{settings.server.port}"
