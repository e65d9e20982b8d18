"""The shape of a command."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from commands.output import Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One word behind `multigrain`. `run` returns the exit code and imports what it needs itself: `--help` must be
    quick.
    """

    name: str
    summary: str
    """One line for the list."""
    description: str
    """What it reads, does and leaves behind."""
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Output], int]
