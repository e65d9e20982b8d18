"""How a run ends before its towers are saved: by Ctrl-C, or on a machine that only helped another one's run.

At Ctrl-C the step in hand is finished and kept, then the run stops.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Stopped(KeyboardInterrupt):
    """A run that was asked to stop, and left a checkpoint after `step` of `steps`."""

    def __init__(self, step: int, steps: int) -> None:
        super().__init__(f"stopped after step {step:,} of {steps:,}")
        self.step, self.steps = step, steps


class PartDone(Exception):
    """All steps are done, and this machine is not the chief, who alone goes on to the bundle."""

    def __init__(self) -> None:
        super().__init__("this machine's part is done: the chief has the towers, and goes on to the bundle")


@contextmanager
def stop_requests() -> Iterator[threading.Event]:
    """Set at the first Ctrl-C inside the block. A second one breaks off at once, as without the block.

    Only the main thread may answer signals; in another one the event is never set.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.getsignal(signal.SIGINT)

    def answer(number: int, frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, answer)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
