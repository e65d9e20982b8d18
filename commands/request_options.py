"""The options of commands that ask a running server, and the client that they ask with."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multigrain.client import Client, Options
    from multigrain.client_channel import ClientTls
    from multigrain.settings import ClientSettings, Settings

TOKEN = "MULTIGRAIN_TOKEN"  # noqa: S105 - the variable's name
TIMEOUT_SECONDS = 5.0


def add_request_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", help="as a user would type it")
    parser.add_argument("--user", default="", help="user id; without it: not personalised")
    parser.add_argument("--limit", type=int, default=20, help="how many candidates (default: 20)")
    parser.add_argument(
        "--mode", default="fill", choices=("fill", "strict", "demote", "off"), help="relevance control (default: fill)"
    )
    parser.add_argument(
        "--channel",
        action="append",
        default=[],
        choices=("vector", "lexical", "neighbours"),
        help="ask only these (default: all)",
    )
    parser.add_argument(
        "--fusion",
        default="reciprocal_rank",
        choices=("reciprocal_rank", "weighted_scores", "interleave", "union"),
        help="how channels become one list (default: reciprocal_rank)",
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
        "fusion": args.fusion,
        "channels": dict.fromkeys(args.channel, 0),
        "brands": tuple(args.brand),
        "categories": tuple(args.category),
        "generation_id": args.generation,
    }


def address_of(args: argparse.Namespace, settings: "Settings") -> str:
    return args.address or f"{settings.server.host}:{settings.server.port}"


def open_client(address: str, settings: "Settings", *, timeout_seconds: float = TIMEOUT_SECONDS) -> "Client":
    """A client that shows what the settings' [client] section and MULTIGRAIN_TOKEN give it to show."""
    from multigrain.client import Client

    token, tls = _token_of(settings.client), _tls_of(settings.client)
    return Client(address, timeout_seconds=timeout_seconds, token=token, tls=tls)


def _token_of(settings: "ClientSettings") -> str | None:
    """The variable counts before the file, as with every setting."""
    if os.environ.get(TOKEN):
        return os.environ[TOKEN]
    return None if settings.token_file is None else _read_token(settings.token_file)


def _read_token(path: Path) -> str:
    from multigrain.errors import InvalidConfig

    try:
        # What is no text becomes a token that the client refuses.
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError as error:
        problem = f"cannot read {path}: {error.strerror}"
        raise InvalidConfig("client.token_file", problem, cure="name a file that holds the token alone") from None


def _tls_of(settings: "ClientSettings") -> "ClientTls | None":
    """TLS as soon as one of its files is named."""
    from multigrain.client_channel import ClientTls

    files = ClientTls(settings.tls_ca, settings.tls_cert, settings.tls_key)
    return None if files == ClientTls() else files
