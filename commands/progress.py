"""Progress of long steps on standard error: live bars on a terminal, plain lines in a log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars


class Step:
    """One running step. `update(done, total, note)` as often as you like."""

    def __init__(self, bars: Bars | None, name: str) -> None:
        self._bars = bars
        self._task = bars.add_task(name, total=None, note="") if bars else None
        self.note = ""

    def update(self, done: float, total: float | None = None, note: str = "") -> None:
        """`done` of `total` (None: not known yet); `note` is a few words such as a loss or a rate."""
        self.note = note or self.note
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=done, total=total, note=self.note)

    def finish(self) -> None:
        if self._bars is not None and self._task is not None:
            task = next(task for task in self._bars.tasks if task.id == self._task)
            total = task.total if task.total is not None else max(task.completed, 1)
            self._bars.update(self._task, completed=total, total=total, note=self.note)


class Progress:
    """Several steps, one below the other."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._bars = (
            Bars(
                TextColumn("{task.description}"),
                BarColumn(bar_width=24),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[note]}", style="dim"),
                console=Console(stderr=True),
            )
            if self._live
            else None
        )

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A step from here to the end of the block."""
        started = time.monotonic()
        step = Step(self._bars, name)
        if not self._live:
            print(f"{name} ...", file=sys.stderr, flush=True)
        yield step
        step.finish()
        if not self._live:
            note = f" ({step.note})" if step.note else ""
            print(f"{name}: {time.monotonic() - started:.1f} s{note}", file=sys.stderr, flush=True)
