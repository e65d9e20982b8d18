"""`multigrain explain`: why an item is, or is not, in the answer."""

import argparse
from dataclasses import asdict

from commands.command import Command
from commands.output import Output
from commands.request_options import add_request_arguments, address_of, open_client, request_options, wait_if_asked


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_request_arguments(parser)
    parser.add_argument("--item", required=True, help="item id")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.settings import current_settings

    settings = current_settings()
    with open_client(address_of(args, settings), settings, timeout_seconds=args.timeout) as client:
        wait_if_asked(args, client)
        found = client.explain(args.item, args.query, args.user, **request_options(args))
    ranks = [(name, rank or "not found", f"{found.scores.get(name, 0.0):.4f}") for name, rank in found.ranks.items()]
    output.table(
        f"{args.item} for {args.query!r}",
        ("channel", "rank>", "score>"),
        ranks,
        caption=f"in catalogue: {_yes(found.in_catalogue)}\nin index: {_yes(found.in_index)}\n"
        f"verdict: {found.verdict}\nposition: {found.position or 'not in the answer'}\n{found.summary}",
    )
    output.result(asdict(found))
    return 0


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


COMMAND = Command(
    name="explain",
    summary="say why an item is, or is not, in the answer",
    description="Follows one item through one request: in the catalogue, in the index, its rank in each channel, the "
    "rule that decided, and its place in the answer.",
    add_arguments=_add_arguments,
    run=_run,
)
