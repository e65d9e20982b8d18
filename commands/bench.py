"""`multigrain bench`: measures, beside what the bare machine can do."""

import argparse
import os
import platform
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from commands.command import Command
from commands.output import Output

if TYPE_CHECKING:
    from benchmarks.bench import Bench, Size
    from multigrain.figures import Figure
    from multigrain.settings import Settings

NAMES = (
    "machine",
    "text",
    "understand",
    "data",
    "train",
    "encode",
    "encode-mmse",
    "pretrain",
    "cut-off",
    "exact",
    "index",
    "lexical",
    "build",
    "stream",
    "stream-items",
    "features",
    "catalogue",
    "judge",
    "crash",
    "serve",
    "soak",
    "visible",
)
"""As in benchmarks/suite.py, which is not imported here because it loads the stores; a test compares the two."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", choices=(*NAMES, "all"), help=f"one of {', '.join(NAMES)}, or all")
    parser.add_argument("--size", choices=("small", "1m", "10m"), default="small", help="small: within 50 seconds")


def _run(args: argparse.Namespace, output: Output) -> int:
    from benchmarks.bench import Size
    from benchmarks.suite import BENCHES
    from multigrain.errors import InvalidConfig
    from multigrain.settings_in_force import current_settings

    size = Size(args.size)
    chosen = [bench for bench in BENCHES if args.name in (bench.name, "all")]
    for bench in chosen:
        if size not in bench.sizes:
            cure = f"use one of {', '.join(bench.sizes)}"
            raise InvalidConfig("--size", f"bench {bench.name} has no size {size}", cure=cure)
    settings = current_settings()
    figures: list[Figure] = []
    for bench in chosen:
        started = time.monotonic()
        measured = _measure(bench, settings, size, output)
        figures += measured
        if not output.as_json:
            output.figures(f"{bench.name}: {bench.summary} ({time.monotonic() - started:.0f} s)", measured)
    if output.as_json:
        output.figures(args.name, figures, size=size, machine=_machine())
    return 0


def _measure(bench: "Bench", settings: "Settings", size: "Size", output: Output) -> "Sequence[Figure]":
    with output.progress() as progress, progress.step(f"bench {bench.name}") as step:
        figures = bench.run(settings, size, lambda note: step.update(0, None, note))
        step.update(1, 1, "")
    return figures


def _machine() -> dict[str, object]:
    return {"cores": os.cpu_count(), "platform": platform.platform(), "python": platform.python_version()}


COMMAND = Command(
    name="bench",
    summary="measure, beside what the bare machine can do",
    description="Runs one benchmark, or all. Medians with their spread; beside a figure stands the limit that was "
    "measured in the same run, and the ratio to it. A target that is missed is shown as MISSED. Servers are those of "
    "the settings; without any, the embedded stores are measured, and the figure says so.",
    add_arguments=_add_arguments,
    run=_run,
)
