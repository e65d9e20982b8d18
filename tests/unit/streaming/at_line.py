"""Something that happens at a given line of our code: the process ends there, or another one gets ahead of it."""

import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def at_line(step: int, act: Callable[[], None], *, files: Collection[str]) -> Iterator[list[int]]:
    """Does it just before the step-th line of these files that runs in the block; gives a list with their count."""
    lines = [0]

    def trace(frame: FrameType, event: str, _: Any) -> Any:  # Any: what Python gives to a trace function
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            lines[0] += 1
            if lines[0] == step:
                act()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lines
    finally:
        sys.settrace(before)
