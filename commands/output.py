"""What a command says: tables and progress for people, or one JSON object for machines.

With --json standard output carries exactly one object; progress and logs go to standard error in both modes.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from multigrain.errors import Theirs
from multigrain.figures import Figure

if TYPE_CHECKING:
    from rich.console import Console


LOG_COLUMNS = 120


class Output:
    """Standard output of one run."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    @property
    def console(self) -> "Console":
        """For people. With --json it writes to standard error."""
        from rich.console import Console

        stream = sys.stderr if self.as_json else sys.stdout
        # In a log there is no terminal whose width could be asked for, and 80 columns would break every title.
        # No markup: a '[' in a title or an error is a character like any other.
        return Console(file=stream, highlight=False, markup=False, width=None if stream.isatty() else LOG_COLUMNS)

    def say(self, text: str) -> None:
        """A line for people; nothing with --json."""
        if not self.as_json:
            self.console.print(text)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, caption: str = "") -> None:
        """A table for people; nothing with --json. Columns whose name ends in '>' stand to the right."""
        if self.as_json:
            return
        from rich.table import Table
        from rich.text import Text

        table = Table()
        for name in columns:
            table.add_column(name.removesuffix(">"), justify="right" if name.endswith(">") else "left")
        for row in rows:
            table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
        # Not the table's own title and caption: those are broken to the width of a narrow table.
        self.console.print(Text(title, style="bold"))
        self.console.print(table)
        if caption:
            self.console.print(Text(caption, style="dim"))

    def result(self, document: Mapping[str, Any]) -> None:  # Any: a JSON object
        """The one JSON object; nothing for people, who have seen the tables."""
        if self.as_json:
            print(json.dumps(document, ensure_ascii=False, default=str))

    def figures(self, title: str, figures: Sequence[Figure], **more: Any) -> None:  # Any: values of a JSON object
        """Measured numbers: a table, or {"figures": [...]} with whatever else is given."""
        columns = ("figure", "value>", "spread>", "unit", "target>", "holds", "limit>", "ratio>")
        self.table(title, columns, [_row(figure) for figure in figures])
        self.result({"figures": [figure.as_json() for figure in figures], **more})

    def error(self, error: Exception) -> None:
        """One line on standard error; with --json also the object that says so."""
        print(f"multigrain: {error}", file=sys.stderr)
        if self.as_json:
            field = {"field": error.field} if isinstance(error, Theirs) else {}
            print(json.dumps({"error": str(error), "kind": type(error).__name__, **field}, ensure_ascii=False))

    @contextmanager
    def progress(self) -> "Iterator[Progress]":
        """A live bar per long step on a terminal, one line per finished step elsewhere."""
        from commands.progress import Progress

        with Progress() as progress:
            yield progress


def _row(figure: Figure) -> tuple[str, ...]:
    sign = "<=" if figure.at_most else ">="
    return (
        figure.name,
        f"{figure.value:,.4g}",
        "" if figure.spread is None else f"{figure.spread[0]:,.4g} .. {figure.spread[1]:,.4g}",
        figure.unit,
        "" if figure.target is None else f"{sign} {figure.target:,.4g}",
        {None: "", True: "yes", False: "MISSED"}[figure.holds],
        "" if figure.limit is None else f"{figure.limit:,.4g} {figure.limit_name}",
        "" if figure.ratio is None else f"{figure.ratio:.2f}x",
    )


if TYPE_CHECKING:
    from commands.progress import Progress
