"""Whose turn it is to be restarted: one process ends when all serve, and is back before the next one ends."""

from collections.abc import Sequence

from server.processes.board import Entry
from server.processes.child import Child


class Turns:
    """Of one restart at a time."""

    def __init__(self) -> None:
        self._left: list[Child] = []

    def begin(self, children: Sequence[Child]) -> None:
        """In this order. A restart that is under way begins anew."""
        self._left = list(children)

    def give_up(self) -> bool:
        """Those that are left stay as they are. Whether there were any."""
        were, self._left = bool(self._left), []
        return were

    def next(self, children: Sequence[Child], entries: Sequence[Entry]) -> Child | None:
        """Who is to end now, told once. None: nobody yet. `entries`: of those that answer."""
        all_run = all(child.runs and not child.is_ending for child in children)
        serving = sum(entry.serving for entry in entries)
        # Where nobody serves, for want of a generation, there is nobody to wait for.
        if self._left and all_run and serving in (0, len(entries)):
            return self._left.pop(0)
        return None
