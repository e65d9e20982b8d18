"""Long work beside requests: lets a thread have only a part of the time, so that the others are not kept waiting.

Python runs one thread at a time and takes turns by the clock. Loading a model is seconds of Python without a pause: it
would take half of the turns, and a server that needs more than the other half falls behind with every request.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

AT_ONCE_SECONDS = 0.002
"""Worked without a rest: shorter than a turn of the interpreter, so a request waits for no whole one."""
CALLS_AT_ONCE = 100
"""Made between two looks at the clock, which costs more than most of them."""


REST_STEP_SECONDS, REST_MOST_SECONDS = 0.005, 0.02
"""While others are busy it rests on, but not for ever: whoever waits for the work must have it in the end."""


@contextmanager
def braked(share: float, *, is_busy: Callable[[], bool]) -> Iterator[None]:
    """Whatever this thread does in the block takes at most this share of the time of one core, as far as it is Python,
    and less while others are busy; inside a long call of a library it is not held up.
    """
    before = sys.getprofile()
    rest, calls, began = 1 / share - 1, 0, time.thread_time()

    def brake(frame: FrameType, event: str, arg: object) -> None:
        nonlocal calls, began
        calls += 1
        if calls % CALLS_AT_ONCE:
            return
        worked = time.thread_time() - began
        if worked >= AT_ONCE_SECONDS:
            rests_until = time.monotonic() + REST_MOST_SECONDS
            time.sleep(worked * rest)
            while is_busy() and time.monotonic() < rests_until:
                time.sleep(REST_STEP_SECONDS)
            began = time.thread_time()

    sys.setprofile(brake)
    try:
        yield
    finally:
        sys.setprofile(before)
