"""`multigrain token`: a fresh API token for a client of the server."""

import argparse

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("new",), help="make one; the server is not asked")
    parser.add_argument("name", help="of the client: it stands in the server's log, and has one rate limit")
    parser.add_argument(
        "--scopes", default="retrieve", metavar="SCOPE[,SCOPE]", help="retrieve, evaluate, admin (default: retrieve)"
    )


def _run(args: argparse.Namespace, output: Output) -> int:
    from server.security.tokens import new_token

    token, line = new_token(args.name, args.scopes)
    if not output.as_json:
        # Not through the console, which would break a long line at the width of the terminal.
        print(f"token, for the client; it is shown this once:\n\n{token}\n")
        print(f"line, for the file of server.tokens_file:\n\n{line}")
    output.result({"name": args.name, "token": token, "line": line})
    return 0


COMMAND = Command(
    name="token",
    summary="make an API token for a client of the server",
    description="`token new NAME` prints a random token once, and the line of it that goes into the server's tokens "
    "file. The line holds a hash: the token cannot be read back from it. Nothing is written or sent.",
    add_arguments=_add_arguments,
    run=_run,
)
