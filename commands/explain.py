"""`multigrain explain`: why an item is, or is not, in the answer."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output
from commands.request_options import add_request_arguments, address_of, open_client, request_options, wait_if_asked

if TYPE_CHECKING:
    from multigrain.answers import Explanation


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_request_arguments(parser)
    parser.add_argument("--item", required=True, help="item id")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.settings_in_force import current_settings

    settings = current_settings()
    with open_client(address_of(args, settings), settings, timeout_seconds=args.timeout) as client:
        wait_if_asked(args, client)
        found = client.explain(args.item, args.query, args.user, **request_options(args))
    _show(output, args.item, args.query, found)
    output.result(asdict(found))
    return 0


def _show(output: Output, item_id: str, query: str, found: "Explanation") -> None:
    rows = [
        (name, f"{rank:,}" if rank else "not found", _score(found, name), f"{exact:,}" if exact else "")
        for (name, rank), exact in zip(found.ranks.items(), found.exact_ranks.values(), strict=True)
    ]
    lines = [
        f"in catalogue: {_yes(found.in_catalogue)}, in index: {_yes(found.in_index)}, verdict: {found.verdict}",
        found.summary,
    ]
    if not found.position:
        lines += ["would have let it in:", *(f"  {said}" for said in found.would_let_in or ["nothing that was tried"])]
    output.table(
        f"{item_id} for {query!r}: {f'place {found.position:,}' if found.position else 'not in the answer'}",
        ("channel", "rank>", "score>", "exact rank>"),
        rows,
        caption="\n".join(lines),
    )


def _score(found: "Explanation", channel: str) -> str:
    score = found.scores.get(channel, 0.0)
    return f"{score:.4f}" if score else ""


def _yes(fact: bool) -> str:
    return "yes" if fact else "no"


COMMAND = Command(
    name="explain",
    summary="say why an item is, or is not, in the answer",
    description="Follows one item through one request: in the catalogue, in the index, its rank in each channel, the "
    "rules that it fails, its place in the answer, and what would have let it in.",
    add_arguments=_add_arguments,
    run=_run,
)
