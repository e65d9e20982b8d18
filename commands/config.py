"""`multigrain config`: what is in force, and where each value came from."""

import argparse
import os
from dataclasses import asdict

from commands.command import Command
from commands.output import Output


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--changed", action="store_true", help="only what differs from the defaults")


def _run(args: argparse.Namespace, output: Output) -> int:
    from multigrain.settings_in_force import explain_settings

    rows = [row for row in explain_settings(os.environ) if not args.changed or row.source != "default"]
    output.table(
        "Settings in force",
        ("key", "value", "from", "what it is, and what goes wrong"),
        [(row.key, row.value, row.source, row.description) for row in rows],
    )
    output.result({"settings": [asdict(row) for row in rows]})
    return 0


COMMAND = Command(
    name="config",
    summary="print the settings in force and where each came from",
    description="Prints every setting with its value (secrets masked) and its source: default, settings file, or "
    "MULTIGRAIN_<SECTION>_<FIELD> in the environment. Unknown keys are refused.",
    add_arguments=_add_arguments,
    run=_run,
)
