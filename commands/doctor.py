"""`multigrain doctor`: what works on this machine, what is missing for the real stack, and how to get it."""

import argparse
from dataclasses import asdict

from commands.command import Command
from commands.output import Output

MARK = {"ok": "[green]ok[/]", "absent": "[yellow]absent[/]", "broken": "[red]BROKEN[/]"}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def _run(args: argparse.Namespace, output: Output) -> int:
    from rich.text import Text

    from commands.checks import CHECKS
    from commands.checks.check import Health
    from multigrain.settings_in_force import current_settings

    settings = current_settings()
    findings = [check(settings) for check in CHECKS]
    output.table(
        "What is here",
        ("area", "what", "state", "detail", "what to do"),
        [(f.area, f.what, Text.from_markup(MARK[f.health]), f.detail, f.cure) for f in findings],
    )
    broken = [finding for finding in findings if finding.health is Health.BROKEN]
    absent = [finding for finding in findings if finding.health is Health.ABSENT]
    output.say(
        f"{len(broken)} broken: what is configured cannot work until that is mended."
        if broken
        else f"Everything configured works; {len(absent)} optional parts are absent."
    )
    output.result(
        {
            "findings": [asdict(finding) for finding in findings],
            "figures": [
                {"name": "broken", "value": len(broken), "unit": "checks", "target": 0, "holds": not broken},
                {"name": "absent", "value": len(absent), "unit": "checks"},
            ],
        }
    )
    return 1 if broken else 0


COMMAND = Command(
    name="doctor",
    summary="say what works here, what is missing for the real stack, and how to get it",
    description="Looks at the machine, the installed packages, the stores that the settings name, and what a full "
    "local stack (Milvus, Kafka, PostgreSQL) would need. Changes nothing. Exits 1 when something configured is broken.",
    add_arguments=_add_arguments,
    run=_run,
)
